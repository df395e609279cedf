#!/usr/bin/env bash
# Runs all tests, says how many of them ran on real parts, and makes sure that no server is left behind.
#
# Further arguments go to `swift test`, such as: scripts/test.sh --filter LibraryTests
# With a filter it is not an error when a real part was not used.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/messages.sh

# Everything that the tests start inherits this, and is found by it; a server's socket needs a short folder.
SITONG_TEST_RUN=sitong-test-$$-$(date +%s)
folder=$(mktemp -d /tmp/st.XXXXXX) || exit 73
chmod 755 "$folder" # Servers that tests start as another user have to pass through.
SITONG_TEST_PARTS=$folder/parts
: >"$SITONG_TEST_PARTS"
chmod 666 "$SITONG_TEST_PARTS"
TMPDIR=$folder/tmp
mkdir -m 1777 "$TMPDIR"
chmod 1777 "$TMPDIR"
export SITONG_TEST_RUN SITONG_TEST_PARTS TMPDIR

# The processes, other than this script's own, that carry the mark of this run, or that work in its folder (a server
# that was given a plain environment still names its data folder): PID and command, one a line.
left_behind() {
    local command pid process
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        [ "$pid" != $$ ] && [ "$pid" != "$BASHPID" ] || continue
        command=$(tr '\0' ' ' <"$process/cmdline") || continue
        [ -n "$command" ] || continue
        if [[ $command == *"$folder/"* ]] ||
            tr '\0' '\n' <"$process/environ" | grep -qx "SITONG_TEST_RUN=$SITONG_TEST_RUN"; then
            echo "$pid $command"
        fi
    done 2>/dev/null
}

trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# As released: a debug build judges some twenty times slower. SITONG_TEST_BUILD=debug for quick rounds while working.
build=(-c debug)
if [ "${SITONG_TEST_BUILD:-release}" = release ]; then
    # Beside the build that is shipped, which is not made for @testable.
    build=(-c release --scratch-path .build/tests -Xswiftc -enable-testing)
fi
nice -n "${SITONG_TEST_NICE:-0}" swift test "${build[@]}" "$@"
status=$?

# A test says once or more what it used.
count() { sort -u "$SITONG_TEST_PARTS" | grep -c "^$1\b" || true; }
postgres=$(count postgres)
sqlite=$(count sqlite)
sshd=$(count sshd)
office=$(count office)
say "on real parts: $postgres tests on PostgreSQL, $sqlite on SQLite, $sshd on sshd, $office on LibreOffice" \
    "使用真实部件的测试：PostgreSQL $postgres 个，SQLite $sqlite 个，sshd $sshd 个，LibreOffice $office 个"
if ! command -v soffice >/dev/null; then
    say "warning: LibreOffice is not installed; its tests were skipped" "警告：未安装 LibreOffice，相关测试已跳过"
fi
if [ $# -eq 0 ] && [ $status -eq 0 ] && { [ "$postgres" -eq 0 ] || [ "$sqlite" -eq 0 ] || [ "$sshd" -eq 0 ]; }; then
    say "error: one of the real parts was used by no test" "错误：有真实部件未被任何测试使用"
    status=1
fi

# A server that was told to stop may need a moment, and the removal of all its databases some more.
for _ in {1..240}; do
    remaining=$(left_behind)
    [ -n "$remaining" ] || break
    sleep 0.5
done
if [ -n "$remaining" ]; then
    say "error: the tests left these processes behind (they are stopped now):" "错误：测试遗留了下列进程（现予停止）："
    printf '%s\n' "$remaining" >&2
    # PostgreSQL shuts down at INT; what does not, is ended for good.
    while read -r pid _; do kill -INT "$pid" 2>/dev/null; done <<<"$remaining"
    sleep 2
    left_behind | while read -r pid _; do kill -KILL "$pid" 2>/dev/null; done
    status=1
else
    say "no server left behind" "没有遗留的服务进程"
fi
exit $status
