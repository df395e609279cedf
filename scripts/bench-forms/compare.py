"""Own figures of two engines, cell by cell: compare.py PEER.csv OURS.csv; status 1 when they differ.

The peer leaves out what is nought.
"""
import csv
import sys
from decimal import Decimal


def read(path):
    cells = {}
    with open(path, encoding="utf-8") as file:
        for line in csv.DictReader(file):
            value = line["own"]
            if value and Decimal(value) != 0:
                cells[line["form"], line["court"], line["period"], line["row"], line["column"]] = Decimal(value)
    return cells


peer, ours = read(sys.argv[1]), read(sys.argv[2])
# Rates are derived, which the peer leaves to the reader of its counts.
rates = {("F01", "jal")} | {("F17", c) for c in ("jal", "tcl", "ssl", "gfl", "sxl", "pjts", "c12l")}
ours = {key: value for key, value in ours.items() if (key[0], key[4]) not in rates}
different = [key for key in peer.keys() | ours.keys() if peer.get(key) != ours.get(key)]
for key in sorted(different)[:20]:
    print(*key, "peer", peer.get(key), "ours", ours.get(key))
print(f"{len(ours)} cells of ours, {len(peer)} of the peer, {len(different)} differ")
sys.exit(1 if different else 0)
