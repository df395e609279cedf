#!/usr/bin/env bash
# Judges the 36 rules of workload W1 on cases inside PostgreSQL and by the native engine, in interleaved pairs with
# Fixtures/bench/postgres/baseline.sql, which only counts violations; prints the ratios of the time on the clock and of
# the server's CPU, and whether every count is exact. All that qc does is measured: it also writes the findings to a file
# and stores them in the library.
#
# Usage: scripts/bench-postgres.sh W1-FOLDER [ROWS] [PAIRS]
# The folder is one that the workload's generator wrote; ROWS (all by default) are its first cases.
# The cluster is a private one in a temporary folder, reached by a Unix socket, and is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${1:?the folder of workload W1}
rows=${2:-0}
pairs=${3:-5}
sitong=${SITONG:-.build/release/sitong}
rules=$(seq -f 'A%02g' -s , 1 36)
folder=$(mktemp -d /tmp/sitong-bench.XXXXXX)
chmod 755 "$folder"

"$sitong" library init --embedded "$folder/library" --quiet
finish() {
    "$sitong" library stop --library "$folder/library" --quiet || true
    rm -rf "$folder"
}
trap finish EXIT
"$sitong" library start --library "$folder/library" --quiet
url=$("$sitong" library url --library "$folder/library")
"$sitong" schema apply --library "$folder/library" --schemas Fixtures/w1 --quiet
sql() { psql "$url" --no-psqlrc --quiet --tuples-only --no-align -v ON_ERROR_STOP=1 "$@"; }

# The workload plants missing and repeated keys, which a library would not take.
sql -c 'ALTER TABLE anjian DROP CONSTRAINT anjian_pkey' -c 'ALTER TABLE anjian ALTER ajbs DROP NOT NULL' \
    -c 'ALTER TABLE anjian ALTER sitong_batch SET DEFAULT 0' \
    -c 'CREATE TABLE courts (fydm text, mc text, jb text, sjfy text, dz text)' \
    -c 'CREATE TABLE dm_ajlx (dm text, dz text, dl text)' -c 'CREATE TABLE dmb (bm text, dm text)'
for list in courts dm_ajlx dmb; do sql -c "\\copy $list FROM '$data/$list.csv' (FORMAT csv, HEADER)"; done
columns=$(head -n 1 "$data/anjian.csv")
# Records may hold line ends inside quotes.
python3 - "$data/anjian.csv" "$rows" >"$folder/anjian.csv" <<'PYTHON'
import sys
path, limit = sys.argv[1], int(sys.argv[2])
count, inside = -1, False
with open(path, "rb") as lines:
    for line in lines:
        sys.stdout.buffer.write(line)
        inside ^= line.count(b'"') & 1
        count += not inside
        if limit and count >= limit:
            break
PYTHON
sql -c "\\copy anjian ($columns) FROM '$folder/anjian.csv' (FORMAT csv, HEADER)" -c 'VACUUM (FREEZE, ANALYZE)'

now() { date +%s.%N; }
qc() {
    "$sitong" qc --library "$folder/library" --schemas Fixtures/w1 --rules "$rules" --engine "$1" \
        --findings "$folder/$1.csv" --fail-on never --json --quiet >"$folder/$1.json"
}
server=$(head -n 1 "$folder/library/data/postmaster.pid")
ticks=$(getconf CLK_TCK)
# CPU seconds of all sessions that have ended; the last one needs a moment to.
cpu() { sleep 0.3 && awk -v ticks="$ticks" '{ print ($16 + $17) / ticks }' "/proc/$server/stat"; }
# Runs a command; its seconds on the clock and of the server's CPU go to the file of that name.
measure() {
    local name=$1 before begin end
    shift
    before=$(cpu)
    begin=$(now)
    "$@"
    end=$(now)
    echo "$begin $end $before $(cpu)" >>"$folder/times.$name"
}
count() { sql -f Fixtures/bench/postgres/baseline.sql >"$folder/baseline.txt"; }
for pair in $(seq 1 "$pairs"); do
    measure baseline count
    measure postgres qc postgres
    measure native qc native
done
python3 - "$folder" "$data" <<'PYTHON'
import csv, json, statistics, sys
folder, data = sys.argv[1:]

def times(name):
    lines = [list(map(float, line.split())) for line in open(f"{folder}/times.{name}")]
    return [(end - begin, after - before) for begin, end, before, after in lines]

base = times("baseline")
statement = json.load(open(f"{folder}/postgres.json"))
rows = next(t["rows"] for t in statement["tables"] if t["table"] == "anjian")
truth = json.load(open(f"{data}/truth.json"))
wanted = {f"A{n:02}": sum(row <= rows for row in truth[f"A{n:02}"]["rows"]) for n in range(1, 37)}
counted = dict(zip(wanted, map(int, open(f"{folder}/baseline.txt").read().split("|"))))
found = {rule["id"]: rule["false"] for rule in statement["rules"] if rule["id"] in wanted}

def findings(engine):
    # Rows with the same key, which a library would not hold, have no order of their own.
    with open(f"{folder}/{engine}.csv", newline="") as lines:
        return sorted((row["rule"], row["key"], row["court"], row["message"]) for row in csv.DictReader(lines))

same = findings("postgres") == findings("native")
print(f"{rows} cases, 36 rules, {len(base)} interleaved pairs; medians, ratios pair by pair")
print(f"{'':38} {'wall s':>8} {'ratio':>6} {'server CPU s':>13} {'ratio':>6}")
for name, title in (("baseline", "counting alone (baseline.sql)"), ("postgres", "qc --engine postgres, with findings"),
                    ("native", "qc --engine native, with findings")):
    own = times(name)
    cells = []
    for kind in (0, 1):
        cells.append(statistics.median(x[kind] for x in own))
        cells.append(statistics.median(x[kind] / y[kind] for x, y in zip(own, base)))
    print(f"{title:38} {cells[0]:8.2f} {cells[1]:6.2f} {cells[2]:13.2f} {cells[3]:6.2f}")
print("counts equal to the truth:", "baseline", counted == wanted, "postgres", found == wanted)
print("findings of the two engines equal:", same)
sys.exit(0 if counted == found == wanted and same else 1)
PYTHON
