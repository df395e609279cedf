#!/usr/bin/env bash
# Workload W1 beside DuckDB and Polars: makes what the measurement needs (their virtual environment, a release build of
# ours), then measures. Arguments go to scripts/bench, such as: scripts/bench.sh --rows 20000 --pairs 1
# With `forms` before them the report rules are measured: scripts/bench.sh forms --periods 1 --pairs 1
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/bench-peers.sh --python
environment=.build/bench-venv
$environment/bin/python -B -m unittest discover --quiet --start-directory scripts/bench
scripts/release.sh sitong >&2
program=scripts/bench
if [ "${1-}" = forms ]; then
    program=scripts/bench/forms.py
    shift
fi
exec $environment/bin/python -B $program "$@"
