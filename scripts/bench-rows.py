#!/usr/bin/env python3
"""Rows of two PostgreSQL clusters compared, with 30 planted differences of each class, against each side's own scan.

Usage: scripts/bench-rows.py [--rows 1000000] [--pairs 5] [--bin .build/release/sitong] [--no-peers] [--no-files] [--json FILE]

Two private clusters in a temporary folder (removed at the end) hold the same table of 12 columns with random keys, but for the
differences. A pair of legs is the bare scan of both sides at once (the same record, the same hash, added up), and
`sitong reconcile rows`. What was planted must be found, in its class and with its cause, and nothing else.

Then reladiff and pg_comparator compare the same tables once each, with as many differences allowed as there are; both must be
installed (`make bench-peers`). Last, the left table as a SQLite file, and as a CSV file, against the right server: the same must be found.
"""
import argparse, csv, json, os, shutil, sqlite3, statistics, subprocess, sys, tempfile, threading, time

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--pairs", type=int, default=5)
parser.add_argument("--each", type=int, default=30, help="planted differences of each class")
parser.add_argument("--bin", default=".build/release/sitong")
parser.add_argument("--no-peers", action="store_true", help="neither reladiff nor pg_comparator")
parser.add_argument("--no-files", action="store_true", help="neither SQLite nor CSV")
parser.add_argument("--json", help="also write the figures there")
options = parser.parse_args()
sitong = os.path.abspath(options.bin)
reladiff = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".build/bench-venv/bin/reladiff")
if not options.no_peers and (not os.access(reladiff, os.X_OK) or not shutil.which("pg_comparator")):
    sys.exit("reladiff and pg_comparator are needed: make bench-peers")

# Keys of several lengths: reladiff takes 32 hexadecimal digits for a UUID, and stops at a key that is none.
COLUMNS = [
    ("ajbs", "text(50)", "text", "md5(g::text) || g"), ("ah", "text(60)", "text", "'（2026）豫1702民初' || g || '号'"),
    ("fydm", "text(20)", "text", "'豫17' || lpad((g % 20)::text, 2, '0')"),
    ("ajlx", "text(10)", "text", "lpad((g % 40)::text, 4, '0')"),
    ("larq", "date", "date", "date '2026-01-01' + (g % 300)"),
    ("jarq", "date", "date", "CASE WHEN g % 3 > 0 THEN date '2026-02-01' + (g % 300) END"),
    ("bdje", "dec(18,2)", "numeric(18,2)", "(g % 1000000) + 0.37"),
    ("cbr", "text(50)", "text", "'张三' || (g % 5000)"), ("ts", "int", "bigint", "g % 100"),
    ("sfss", "bool", "boolean", "g % 2 = 0"),
    ("bz", "text(200)", "text", "CASE WHEN g % 10 = 0 THEN '备注，有\"引号\"' END"),
    ("gxsj", "timestamp", "timestamp", "timestamp '2026-01-01 00:00:01' + g * interval '2 s'"),
]
NAMES = [name for name, _, _, _ in COLUMNS]

# Class -> (kind, cause, what is done to the right side's rows g of the class). Rows are chosen so that it changes something.
CLASSES = {
    "missing right": ("missing-right", "unexplained", "DELETE FROM t WHERE {rows}"),
    "missing left": ("missing-left", "unexplained", None),
    "changed text": ("changed", "unexplained", "UPDATE t SET cbr = '王五' WHERE {rows}"),
    "changed code": ("changed", "unexplained", "UPDATE t SET ajlx = '9999' WHERE {rows}"),
    "changed day": ("changed", "unexplained", "UPDATE t SET larq = larq + 1 WHERE {rows}"),
    "changed number": ("changed", "unexplained", "UPDATE t SET ts = ts + 1 WHERE {rows}"),
    "changed truth": ("changed", "unexplained", "UPDATE t SET sfss = NOT sfss WHERE {rows}"),
    "value against NULL": ("changed", "unexplained", "UPDATE t SET fydm = NULL WHERE {rows}"),
    "NULL against empty": ("changed", "null-empty", "UPDATE t SET bz = '' WHERE {rows}"),
    "blank at the end": ("changed", "trailing-blank", "UPDATE t SET cbr = cbr || ' ' WHERE {rows}"),
    "full width": ("changed", "full-half-width", "UPDATE t SET ah = translate(ah, '（）', '()') WHERE {rows}"),
    "precision": ("changed", "precision", "UPDATE t SET bdje = round(bdje, 1) WHERE {rows}"),
    "time zone": ("changed", "time-zone", "UPDATE t SET gxsj = gxsj - interval '8 hours' WHERE {rows}"),
    "time cut": ("changed", "time-cut", "UPDATE t SET gxsj = date_trunc('day', gxsj) WHERE {rows}"),
    "encoding": ("changed", "encoding", "UPDATE t SET cbr = replace(cbr, '三', '?') WHERE {rows}"),
    "another key": ("key-churn", "key-churn", "UPDATE t SET ajbs = 'new-' || ajbs WHERE {rows}"),
    "repeated key": ("duplicate", "unexplained", "INSERT INTO t SELECT * FROM t WHERE {rows}"),
}

folder = tempfile.mkdtemp(prefix="sitong-bench.", dir="/tmp")
os.chmod(folder, 0o755)


def run(*command, **keywords):
    return subprocess.run(command, check=True, capture_output=True, text=True, **keywords).stdout


def server(side):
    """A cluster of its own; its libpq text and the folder of its data."""
    place = f"{folder}/{side}"
    run(sitong, "library", "init", "--embedded", place)
    run(sitong, "library", "start", "--library", place)
    return run(sitong, "library", "url", "--library", place).strip()


def sql(place, statement):
    return run("psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", place, "-c", statement).strip()


def postmaster(place):
    data = sql(place, "SHOW data_directory")
    return int(open(data + "/postmaster.pid").readline())


def cpu(process):
    """Seconds of the server's processes that have ended: each session's process ends with it."""
    fields = open(f"/proc/{process}/stat").read().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (13, 14)) / os.sysconf("SC_CLK_TCK")


def scan(place):
    """By one process of the server, as the comparison reads: on a busy machine more processes get more of it."""
    cells = ", ".join(NAMES)
    sql(place, f"SET jit = off; SET max_parallel_workers_per_gather = 0; SELECT sum(hashtextextended(ROW({cells})::text COLLATE \"C\", 1)) FROM t")


def both(body):
    walls = {}

    def timed(side):
        begin = time.monotonic()
        body(places[side])
        walls[side] = time.monotonic() - begin

    threads = [threading.Thread(target=timed, args=[side]) for side in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return walls


def make():
    """Fills both sides; what must be found, by key."""
    columns = ", ".join(f"{name} {kind}" for name, _, kind, _ in COLUMNS)
    values = ", ".join(expression for _, _, _, expression in COLUMNS)
    for place in places.values():
        sql(place, f"CREATE TABLE t ({columns})")
        sql(place, f"INSERT INTO t SELECT {values} FROM generate_series(1, {options.rows}) g ORDER BY md5(g::text)")
    expected = {}
    # Rows whose remark is NULL, whose day is not cut already, and that are far apart.
    step = options.rows // (len(CLASSES) * options.each + 1) // 10 * 10 or sys.exit("too few rows")
    number = 0
    for kind, cause, change in CLASSES.values():
        numbers = []
        for _ in range(options.each):
            number += step
            numbers.append(number + 1)
        keys = sql(places["left"], "SELECT string_agg(md5(g::text) || g, ',' ORDER BY g) FROM unnest(ARRAY["
                   + ",".join(map(str, numbers)) + "]) g").split(",")
        rows = "ajbs IN (" + ",".join(f"'{key}'" for key in keys) + ")"
        sql(places["left" if change is None else "right"], (change or "DELETE FROM t WHERE {rows}").format(rows=rows))
        for key in keys:
            if kind == "key-churn":
                expected[key] = ("missing-right", cause)
                expected["new-" + key] = ("missing-left", cause)
            else:
                expected[key] = (kind, cause)
    for place in places.values():
        sql(place, "VACUUM ANALYZE t")
        sql(place, "CHECKPOINT")
    return expected


def compare(out, left=None):
    before = sum(cpu(process) for process in processes)
    begin = time.monotonic()
    process = subprocess.Popen(
        [sitong, "reconcile", "rows", "--schemas", f"{folder}/schemas", "--left", left or places["left"], "--right",
         places["right"], "--table", "t", "--second-key", "ah", "--out", out, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    if os.waitstatus_to_exitcode(status) != 1:
        sys.exit(f"reconcile rows ended with {os.waitstatus_to_exitcode(status)}: {errors.decode()}")
    time.sleep(0.3)  # The servers notice the end of a session a little later.
    return {"wall": wall, "client": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024,
            "server": sum(cpu(process) for process in processes) - before}, json.loads(output)


def verify(out, expected):
    """Holds what was found against what was planted."""
    found = {}
    for line in open(out, encoding="utf-8"):
        item = json.loads(line)
        if item["key"][0] in found:
            sys.exit(f"{item['key'][0]} is told twice")
        found[item["key"][0]] = (item["kind"], item["cause"])
    if found != expected:
        wrong = [key for key in set(found) | set(expected) if found.get(key) != expected.get(key)]
        sys.exit(f"{len(wrong)} of {len(expected)} are wrong, as {wrong[0]}: {expected.get(wrong[0])} "
                 f"was planted, {found.get(wrong[0])} found")


def setting(place, name):
    """One word of a libpq text."""
    return dict(word.split("=", 1) for word in place.replace("'", "").split())[name]


def peers(expected):
    """Seconds of each peer, and how many lines of difference it told; all keys that are not repeated have to be among them."""
    with open(f"{folder}/reladiff.toml", "w") as file:
        for side, place in places.items():
            names = {"host": "host", "port": "port", "database": "dbname", "user": "user"}
            words = "".join(f'{name} = "{setting(place, word)}"\n' for name, word in names.items())
            file.write(f'[database.{side}]\ndriver = "postgresql"\npassword = ""\n{words}')
    for place in places.values():
        sql(place, "CREATE EXTENSION IF NOT EXISTS pgcmp")
    columns = ",".join(NAMES[1:])
    sources = [f"--source-{number}=DBI:Pg:" + ";".join(
        f"{name}={setting(place, name)}" for name in ("host", "port", "dbname", "user"))
        for number, place in enumerate(places.values(), 1)]
    commands = {
        "reladiff": [reladiff, "--conf", f"{folder}/reladiff.toml", "left", "t", "right", "t", "--key-columns", "ajbs",
                     *(word for name in NAMES[1:] for word in ("--columns", name)), "--threads", "2", "--skip-sort-results", "--json"],
        "pg_comparator": ["pg_comparator", "--max-ratio=1", "--pg-text-cast", *sources,
                          f"pgsql:///sitong/t?ajbs:{columns}", f"pgsql:///sitong/t?ajbs:{columns}"],
    }
    keys = {key for key, (kind, _) in expected.items() if kind != "duplicate"}
    result = {}
    for name, command in commands.items():
        begin = time.monotonic()
        ended = subprocess.run(command, capture_output=True, text=True)
        seconds = time.monotonic() - begin
        if not ended.stdout:
            sys.exit(f"{name} ended with {ended.returncode}: {ended.stderr[-2000:]}")
        missed = sum(key not in ended.stdout for key in keys)
        result[name] = {"wall_seconds": seconds, "missed": missed}
    return result


def files():
    """The left table as a SQLite file and as a CSV file."""
    cells = ", ".join(f"({name}::int) AS {name}" if kind == "bool" else name for name, kind, _, _ in COLUMNS)
    sql_text = f"COPY (SELECT {cells} FROM t) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE ({', '.join(NAMES)}))"
    with open(f"{folder}/t.csv", "w") as file:
        subprocess.run(["psql", "--no-psqlrc", "-qAt", places["left"], "-c", sql_text], check=True, stdout=file)
    database = sqlite3.connect(f"{folder}/t.sqlite")
    database.execute(f"CREATE TABLE t ({', '.join(name + ' TEXT' for name in NAMES)})")
    # csv.reader takes NULL and the empty text for the same; the table has empty texts on its right side only.
    with open(f"{folder}/t.csv", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        database.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(NAMES))})",
                             ([cell or None for cell in row] for row in rows))
    database.commit()
    database.close()
    return {"sqlite": f"{folder}/t.sqlite", "csv": f"{folder}/t.csv"}


try:
    places = {side: server(side) for side in ("left", "right")}
    os.makedirs(f"{folder}/schemas")
    with open(f"{folder}/schemas/t.yaml", "w", encoding="utf-8") as file:
        file.write("table: t\nkey: [ajbs]\ncolumns:\n")
        for name, kind, _, _ in COLUMNS:
            file.write(f"  - {{name: {name}, type: \"{kind}\"}}\n")
    expected = make()
    processes = [postmaster(place) for place in places.values()]
    ratios, figures = [], []
    for _ in range(options.pairs):
        before = sum(cpu(process) for process in processes)
        walls = both(scan)
        time.sleep(0.3)
        bare = sum(cpu(process) for process in processes) - before
        leg, summary = compare(f"{folder}/d.jsonl")
        verify(f"{folder}/d.jsonl", expected)
        if summary["left"]["hashing"] != "server" or summary["right"]["hashing"] != "server":
            sys.exit("the servers did not hash")
        ratios.append(leg["wall"] / max(walls.values()))
        figures.append((max(walls.values()), bare, leg))
    median = statistics.median
    result = {
        "rows": options.rows, "planted": len(expected), "classes": len(CLASSES),
        "scan_seconds": median(f[0] for f in figures), "wall_seconds": median(f[2]["wall"] for f in figures),
        "wall_ratio": median(ratios), "server_cpu_ratio": median(f[2]["server"] / f[1] for f in figures),
        "client_cpu_ratio": median(f[2]["client"] / f[1] for f in figures),
        "memory_mb": max(f[2]["memory"] for f in figures),
    }
    print(f"{options.rows} rows, {len(expected)} differences of {len(CLASSES)} classes: all found, none else")
    print(f"wall {result['wall_seconds']:.2f} s, {result['wall_ratio']:.2f} x the slower side's bare scan "
          f"({result['scan_seconds']:.2f} s)")
    print(f"CPU of the servers {result['server_cpu_ratio']:.2f} x, of the client {result['client_cpu_ratio']:.2f} x "
          f"that of both scans; memory {result['memory_mb']:.0f} MB")
    if not options.no_peers:
        result["peers"] = peers(expected)
        for name, peer in result["peers"].items():
            print(f"{name} {peer['wall_seconds']:.2f} s, {peer['missed']} keys missed")
            if peer["wall_seconds"] <= result["wall_seconds"]:
                sys.exit(f"{name} was faster")
    if not options.no_files:
        result["files"] = {}
        for name, place in files().items():
            leg, summary = compare(f"{folder}/d.jsonl", place)
            verify(f"{folder}/d.jsonl", expected)
            result["files"][name] = leg
            print(f"{name} against the right server: the same differences, {leg['wall']:.2f} s, {leg['memory']:.0f} MB")
    if options.json:
        with open(options.json, "w") as file:
            json.dump(result, file, indent=2)
finally:
    for side in ("left", "right"):
        subprocess.run([sitong, "library", "stop", "--library", f"{folder}/{side}"], capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
