#!/usr/bin/env bash
# All shipped forms over invented cases: from CSV ours beside DuckDB, and over a library ours beside pre-aggregated SQL; one
# after the other, several times. Then the results of both are compared cell by cell. ROWS, PAIRS, PERIOD, FOLDER and BIN
# may be set; ONLY=csv or ONLY=library measures one of the two.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/messages.sh

rows=${ROWS:-2000000} pairs=${PAIRS:-3} period=${PERIOD:-2026-10} only=${ONLY:-csv,library}
folder=${FOLDER:-.build/bench-forms}/$rows
binary=${BIN:-.build/release/sitong}
python=.build/bench-venv/bin/python
last_year="$((${period:0:4} - 1))${period:4}"

scripts/bench-peers.sh --python
[ -n "${BIN:-}" ] || scripts/release.sh sitong >&2
[ -s "$folder/anjian.csv" ] || $python -B scripts/bench-forms/cases.py "$folder" "$rows"

ours() { "$binary" forms compute --schemas Schemas --period "$period" --table "anjian=$folder/anjian.csv" --json "$@"; }

if [[ $only == *csv* ]]; then
    for ((pair = 1; pair <= pairs; pair++)); do
        $python -B scripts/bench-forms/duck.py "$folder/anjian.csv" "$period,$last_year" "$folder/duckdb.csv" "$folder"
        ours | $python -c '
import json, sys
r = json.load(sys.stdin)
print(json.dumps({"engine": "sitong", **{k: r[k] for k in ("seconds", "cpu_seconds", "peak_memory_bytes", "figures")}}))'
    done
    # Neither the peer nor ours is measured while its figures are written.
    ours --figures "$folder/ours.csv" >"$folder/ours.json"
    $python -B scripts/bench-forms/compare.py "$folder/duckdb.csv" "$folder/ours.csv"
fi
if [[ $only == *library* ]]; then
    $python -B scripts/bench-forms/library.py "$folder" "$binary" "$period,$last_year" "$pairs"
    $python -B scripts/bench-forms/compare.py "$folder/library-peer.csv" "$folder/library-ours.csv"
fi
