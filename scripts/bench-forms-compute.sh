#!/usr/bin/env bash
# All shipped forms over invented cases, from CSV: ours beside DuckDB, one after the other, several times; then both
# results are compared cell by cell. ROWS, PAIRS, PERIODS, FOLDER and BIN may be set.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/messages.sh

rows=${ROWS:-2000000} pairs=${PAIRS:-3} period=${PERIOD:-2026-10}
folder=${FOLDER:-.build/bench-forms}/$rows
binary=${BIN:-.build/release/sitong}
environment=.build/bench-forms-venv
# The peer's version is part of what is measured.
packages=(duckdb==2.0.0 pyyaml==6.0.3)
last_year="$((${period:0:4} - 1))${period:4}"

if [ "$(cat $environment/packages 2>/dev/null)" != "${packages[*]}" ]; then
    say "installing into $environment: ${packages[*]}" "正在安装到 $environment：${packages[*]}"
    python3 -m venv --clear $environment && $environment/bin/pip install --quiet --disable-pip-version-check "${packages[@]}" ||
        fail 69 "the peer could not be installed into $environment; check the network and pip's settings" \
            "无法把对照程序安装到 $environment；请检查网络和 pip 的设置"
    echo "${packages[*]}" >$environment/packages
fi
[ -n "${BIN:-}" ] || swift build -c release --product sitong >&2
[ -s "$folder/anjian.csv" ] || $environment/bin/python -B scripts/bench-forms/cases.py "$folder" "$rows"

for ((pair = 1; pair <= pairs; pair++)); do
    $environment/bin/python -B scripts/bench-forms/duck.py "$folder/anjian.csv" "$period,$last_year" \
        "$folder/duckdb.csv" "$folder"
    "$binary" forms compute --schemas Schemas --period "$period" --table "anjian=$folder/anjian.csv" \
        --figures "$folder/ours.csv" --json | $environment/bin/python -c '
import json, sys
r = json.load(sys.stdin)
print(json.dumps({"engine": "sitong", **{k: r[k] for k in ("seconds", "cpu_seconds", "peak_memory_bytes", "figures")}}))'
done
$environment/bin/python -B scripts/bench-forms/compare.py "$folder/duckdb.csv" "$folder/ours.csv"
