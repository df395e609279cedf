#!/usr/bin/env bash
# Installs with apt what is missing to build and run sitong; with --tests also what its tests need; with --peers also the
# programs that it is measured beside.
#
# Asks dpkg first: when everything is there, nothing is touched and no network is used. Works as root, else with sudo.
# No server is left running or enabled by it: PostgreSQL gets no "main" cluster, sshd is neither started nor enabled.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/messages.sh

swift_needed=6.3

# Each entry is what we install, then, after bars, patterns of packages that serve as well.
wanted=(
    'libpq-dev'
    'libsqlite3-dev'
    'libcurl4-openssl-dev|libcurl4-gnutls-dev|libcurl4-nss-dev'
    'libzstd-dev'
    'zlib1g-dev'
    'libssl-dev'
    'libexpat1-dev'
    'libxlsxwriter-dev'
    'pkg-config|pkgconf'
    'postgresql|postgresql-[0-9]*'
)
case "${1:-}" in
--tests) wanted+=('openssh-server' 'sqlite3' 'python3' 'strace') ;;
--peers) wanted+=('python3-venv' 'sqlite3' 'pgloader' 'postgresql-comparator') ;;
esac

check_swift() {
    if ! command -v swift >/dev/null 2>&1; then
        fail 69 "swift was not found; install Swift $swift_needed or newer (https://www.swift.org/install) and put it on the PATH" \
            "未找到 swift；请安装 Swift $swift_needed 或更新的版本（https://www.swift.org/install）并加入 PATH"
    fi
    local found
    found=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+(\.[0-9]+)*).*/\1/p' | head -n 1)
    if [ -z "$found" ] || [ "$(printf '%s\n%s\n' "$swift_needed" "$found" | sort -V | head -n 1)" != "$swift_needed" ]; then
        fail 69 "Swift ${found:-of unknown version} is too old; sitong needs $swift_needed or newer (https://www.swift.org/install)" \
            "Swift ${found:-（版本未知）} 版本过低；sitong 需要 $swift_needed 或更新的版本（https://www.swift.org/install）"
    fi
}

is_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed
}

list_missing() {
    local entry pattern patterns
    for entry in "${wanted[@]}"; do
        IFS='|' read -r -a patterns <<<"$entry"
        for pattern in "${patterns[@]}"; do
            is_installed "$pattern" && continue 2
        done
        echo "${patterns[0]}"
    done
}

check_swift
if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    names=$(printf '%s ' "${wanted[@]%%|*}")
    fail 69 "this is not a Debian system (no apt-get); install what corresponds to these packages yourself: $names" \
        "本机不是 Debian 系统（没有 apt-get）；请自行安装与下列软件包对应的软件：$names"
fi

mapfile -t missing < <(list_missing)
if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        fail 77 "these packages are missing and there is no sudo; have root run: apt-get install ${missing[*]}" \
            "缺少下列软件包，且没有 sudo；请以 root 身份运行：apt-get install ${missing[*]}"
    fi
    as_root=(sudo)
fi

say "installing with apt: ${missing[*]}" "正在用 apt 安装：${missing[*]}"

# What keeps the packages' own scripts from making servers. Each exists only while we install.
cluster_setting=/etc/postgresql-common/createcluster.d/sitong-install.conf
service_policy=/usr/sbin/policy-rc.d
temporary=()
remove_temporary() {
    [ ${#temporary[@]} -eq 0 ] || "${as_root[@]}" rm -f "${temporary[@]}"
}
trap remove_temporary EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ " ${missing[*]} " == *' postgresql '* ]] && [ ! -e "$cluster_setting" ]; then
    "${as_root[@]}" mkdir -p "${cluster_setting%/*}"
    temporary+=("$cluster_setting")
    echo 'create_main_cluster = false' | "${as_root[@]}" tee "$cluster_setting" >/dev/null
fi
brings_sshd=false
if [[ " ${missing[*]} " == *' openssh-server '* ]]; then
    brings_sshd=true
    if [ ! -e "$service_policy" ]; then
        temporary+=("$service_policy")
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$service_policy" >/dev/null
        "${as_root[@]}" chmod 755 "$service_policy"
    fi
fi

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >&2
}

apt update || say "apt-get update failed; trying with the package lists that are here" \
    "apt-get update 失败；改用本机已有的软件包列表"
if ! apt install --no-install-recommends "${missing[@]}"; then
    fail 69 "apt-get could not install: ${missing[*]}; check the network and the sources in /etc/apt" \
        "apt-get 无法安装：${missing[*]}；请检查网络和 /etc/apt 中的软件源"
fi
if $brings_sshd && command -v systemctl >/dev/null 2>&1; then
    "${as_root[@]}" systemctl disable --quiet ssh.service 2>/dev/null || true
fi

mapfile -t missing < <(list_missing)
if [ ${#missing[@]} -ne 0 ]; then
    fail 69 "still missing after the installation: ${missing[*]}" "安装后仍然缺少：${missing[*]}"
fi
