#!/usr/bin/env bash
# Installs the programs that sitong is measured beside: those of apt, and those of Python into .build/bench-venv.
#
# Usage: scripts/bench-peers.sh [--python]
# With --python only the latter. What is there already is left as it is, without a network.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/messages.sh

environment=.build/bench-venv
# The peers' versions are part of what is measured.
packages=(numpy==2.4.6 pyarrow==26.0.1 duckdb==2.0.0 polars==2.1.0 reladiff==0.6.0 psycopg2-binary==2.9.13 pyyaml==6.0.3)

[ "${1-}" = --python ] || scripts/deps.sh --peers
[ "$(cat $environment/packages 2>/dev/null)" != "${packages[*]}" ] || exit 0
command -v python3 >/dev/null || fail 69 "python3 was not found; the peers need it" "未找到 python3，对照程序需要它"
say "installing into $environment: ${packages[*]}" "正在安装到 $environment：${packages[*]}"
python3 -m venv --clear $environment && $environment/bin/pip install --quiet --disable-pip-version-check "${packages[@]}" ||
    fail 69 "the peers could not be installed into $environment; check the network and pip's settings" \
        "无法把对照程序安装到 $environment；请检查网络和 pip 的设置"
echo "${packages[*]}" >$environment/packages
