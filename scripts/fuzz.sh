#!/usr/bin/env bash
# Fuzzes the readers of what comes from outside: scripts/fuzz.sh FUZZ [SECONDS [SEED [TARGET…]]]
#
# FUZZ is the built executable. Each target runs for so many seconds (20). An input that ends it is kept in
# fuzz-crashes/ as TARGET-SEED, to be tried again with: FUZZ TARGET --replay FILE
set -uo pipefail
cd "$(dirname "$0")/.."

fuzz=${1:?the Fuzz executable}
seconds=${2:-20}
seed=${3:-$RANDOM$RANDOM}
shift $(($# < 3 ? $# : 3))
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(csv rules definitions manifest)
crashes=fuzz-crashes
failed=0
for target in "${targets[@]}"; do
    # The trap itself is in the log; the runtime's picture of the stack may take longer than the fuzzing.
    if ! SWIFT_BACKTRACE=enable=no "$fuzz" "$target" --seconds "$seconds" --seed "$seed" \
        --corpus "Tests/FuzzCorpus/$target" --crashes "$crashes"; then
        failed=1
        if [ -f "$crashes/$target.current" ]; then
            mv "$crashes/$target.current" "$crashes/$target-$seed"
            echo "fuzz $target: failed on the input in $crashes/$target-$seed (seed $seed)" >&2
        fi
    fi
done
rmdir "$crashes" 2>/dev/null
exit $failed
