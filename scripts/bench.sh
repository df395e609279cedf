#!/usr/bin/env bash
# Workload W1 beside DuckDB and Polars: makes what the measurement needs (their virtual environment, a release build of
# ours), then measures. Arguments go to scripts/bench, such as: scripts/bench.sh --rows 20000 --pairs 1
# With `forms` before them the report rules are measured: scripts/bench.sh forms --periods 1 --pairs 1
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/messages.sh

environment=.build/bench-venv
# The peers' versions are part of what is measured.
packages=(numpy==2.4.6 pyarrow==26.0.1 duckdb==2.0.0 polars==2.1.0)

if [ "$(cat $environment/packages 2>/dev/null)" != "${packages[*]}" ]; then
    command -v python3 >/dev/null || fail 69 "python3 was not found; the peers need it" "未找到 python3，对照程序需要它"
    say "installing into $environment: ${packages[*]}" "正在安装到 $environment：${packages[*]}"
    python3 -m venv --clear $environment && $environment/bin/pip install --quiet --disable-pip-version-check "${packages[@]}" ||
        fail 69 "the peers could not be installed into $environment; check the network and pip's settings" \
            "无法把对照程序安装到 $environment；请检查网络和 pip 的设置"
    echo "${packages[*]}" >$environment/packages
fi
$environment/bin/python -B -m unittest discover --quiet --start-directory scripts/bench
swift build -c release --product sitong >&2
program=scripts/bench
if [ "${1-}" = forms ]; then
    program=scripts/bench/forms.py
    shift
fi
exec $environment/bin/python -B $program "$@"
