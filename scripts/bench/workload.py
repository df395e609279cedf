"""The data of workload W1 at some size, made once and kept, and what is known to be wrong in it."""

import csv
import functools
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = ROOT / "Fixtures" / "w1" / "peers"
TABLES = {"anjian": "ajbs", "dangshiren": "dsrbs"}  # and their keys
ROWS_A = [f"A{number:02d}" for number in range(1, 37)]
ROWS_D = [f"D{number:02d}" for number in range(1, 19)]
KEYS = ["U01", "U02", "U03"] + [f"X{number:02d}" for number in range(1, 9)]
RULES = ROWS_A + ROWS_D + KEYS  # as they are defined in Fixtures/w1/w1.yaml


def table_of(rule):
    return "dangshiren" if rule in ROWS_D or rule in ("U03", "X01", "X05", "X06") else "anjian"


class Workload:
    def __init__(self, rows, folder):
        self.rows = rows
        self.folder = pathlib.Path(folder) / str(rows)

    def prepare(self):
        """Generates what is not there yet. truth.json is written near the end: with meta.json after it, all is there."""
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        if not (self.folder / "meta.json").exists():
            print(f"generating {self.rows:,} cases in {self.folder}", file=sys.stderr, flush=True)
            subprocess.run(
                [sys.executable, PEERS / "gen.py", "--n", str(self.rows), "--out", self.folder],
                check=True,
                stdout=sys.stderr,
            )
        if not self._keys.exists():
            subprocess.run([sys.executable, HERE / "keys.py", self.folder, self._keys], check=True)

    @property
    def _keys(self):
        # Not in the data folder: that may be somebody else's.
        return self.folder.parent / f"{self.rows}-keys.csv"

    def file(self, table):
        return self.folder / f"{table}.csv"

    @functools.cached_property
    def meta(self):
        return json.loads((self.folder / "meta.json").read_text())

    @functools.cached_property
    def truth(self):
        """Rule → the numbers (from 1) of the rows that violate it, of the rules on rows."""
        truth = json.loads((self.folder / "truth.json").read_text())
        return {rule: entry["rows"] for rule, entry in truth.items() if "rows" in entry}

    @functools.cached_property
    def keys(self):
        """(table, row) → the row's key, empty for NULL, of every row that violates a rule: read by DuckDB, not by us."""
        with open(self._keys, newline="", encoding="utf-8") as file:
            return {(table, int(row)): key for table, row, key in csv.reader(file)}

    def row_count(self, table):
        return self.meta[f"n_{table}"]

    @property
    def megabytes(self):
        return sum(self.meta["bytes"][f"{table}.csv"] for table in TABLES) / 1e6
