#!/usr/bin/env python3
"""Extract and load against the bare tools, in interleaved pairs; prints medians of the ratios.

Usage: scripts/bench-load.py [--rows 1000000] [--others 200000] [--pairs 5] [--long 10000000] [--bin .build/release/sitong]

A private PostgreSQL in a temporary folder (removed at the end) holds a source table of 20 columns with random keys of 32
hexadecimal digits, and a library in which ten other courts have rows already, with its indexes, history and ledger.

  extract   sitong extract --full        against  psql -c "COPY … TO STDOUT (FORMAT csv)" | zstd -T2 -1
  load      sitong load                  against  \\copy of the same parts, decompressed, into a table with the same key
  again     the whole source with 1 % of its rows changed, and those alone, against the first load
  sqlite    sitong extract and load of a SQLite file  against  pgloader copying its table into an empty database
  long      with --long: a table of so many rows extracted and loaded once, in an address space of 512 MB, and the
            memory that it took against that of the legs before

--only extract,load,… measures some of them; load is measured for again, too. The peers come with `make bench-peers`.
Every leg of load begins in a fresh copy of the same database. CPU is that of the client and of the server together.
"""
import argparse, csv, glob, json, os, shutil, sqlite3, statistics, subprocess, sys, tempfile, time

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--others", type=int, default=200_000, help="rows of each of the ten other courts")
parser.add_argument("--pairs", type=int, default=5)
parser.add_argument("--long", type=int, default=0, help="rows of the table that is read in 512 MB; 0 for none")
parser.add_argument("--only", help="legs to measure, with commas between them; all by default")
parser.add_argument("--bin", default=".build/release/sitong")
parser.add_argument("--json", help="also write the figures there")
options = parser.parse_args()
sitong = os.path.abspath(options.bin)
LEGS = ["extract", "load", "again", "sqlite", "long"]
legs = options.only.split(",") if options.only else LEGS
if set(legs) - set(LEGS):
    sys.exit(f"bench-load: --only knows {', '.join(LEGS)}")
absent = [program for program in ("psql", "zstd", "pgloader") if shutil.which(program) is None]
if absent:
    sys.exit(f"bench-load: {', '.join(absent)} not found, beside which is measured; `make bench-peers` installs what is missing")

COLUMNS = [
    ("ajbs", "text(50)", "md5(random()::text || g)"), ("ah", "text(60)", "'（2026）豫1702民初' || g || '号'"),
    ("fydm", "text(20)", "'豫17' || lpad((g % 20)::text, 2, '0')"), ("ajlx", "text(10)", "lpad((g % 40)::text, 4, '0')"),
    ("larq", "date", "date '2026-01-01' + (g % 300)"),
    ("jarq", "date", "CASE WHEN g % 3 > 0 THEN date '2026-02-01' + (g % 300) END"),
    ("jafs", "text(10)", "lpad((g % 90)::text, 4, '0')"), ("bdje", "dec(18,2)", "round((random() * 1000000)::numeric, 2)"),
    ("slf", "dec(18,2)", "round((random() * 1000)::numeric, 2)"), ("cbr", "text(50)", "'张三' || (g % 5000)"),
    ("sjy", "text(50)", "'李四' || (g % 3000)"), ("spzz", "int", "(g % 5)::bigint"), ("ts", "int", "(g % 100)::bigint"),
    ("sfss", "bool", "g % 2 = 0"), ("zjhm", "text(50)", "md5(g::text)"),
    ("ay", "text(200)", "'某某人与某某公司买卖合同纠纷' || (g % 1000)"), ("aydm", "text(20)", "'9' || (g % 1000)"),
    ("jzzt", "text(10)", "lpad((g % 7)::text, 2, '0')"),
    ("bz", "text(200)", "CASE WHEN g % 10 = 0 THEN '备注，有\"引号\"' END"),
    ("gxsj", "timestamp", "timestamp '2026-01-01' + g * interval '2 s'"),
]
NAMES = ", ".join(name for name, _, _ in COLUMNS)
TODAY = "2030-01-01"  # Rows that are changed here are changed after all others.

# Where the server's own user can reach it, whoever runs this.
folder = tempfile.mkdtemp(prefix="sitong-bench.", dir="/tmp")
os.chmod(folder, 0o755)


def run(*command, **keywords):
    return subprocess.run(command, check=True, capture_output=True, text=True, **keywords).stdout


def cluster_cpu():
    """Seconds of the server's processes that have ended: each session's process ends with it."""
    fields = open(f"/proc/{postmaster}/stat").read().rpartition(")")[2].split()
    return sum(int(fields[place]) for place in (13, 14)) / os.sysconf("SC_CLK_TCK")


def measure(command, shell=False):
    """Wall seconds, CPU seconds of client and server, and the peak memory of the client's largest process."""
    before, begin = cluster_cpu(), time.monotonic()
    process = subprocess.Popen(command, shell=shell, executable="/bin/bash" if shell else None,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command} failed: {output}")
    time.sleep(0.3)  # The server notices the end of a session a little later.
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime + cluster_cpu() - before,
            "memory": usage.ru_maxrss / 1024, "output": output}


def place(database):
    return url.replace("dbname=postgres", f"dbname={database}") if "dbname=postgres" in url else base.format(database)


def sql(database, *statements):
    arguments = [item for statement in statements for item in ("-c", statement)]
    return run("psql", "--no-psqlrc", "-qAt", "-v", "ON_ERROR_STOP=1", place(database), *arguments).strip()


def fresh(copy, original):
    sql("postgres", f"DROP DATABASE IF EXISTS {copy}", f"CREATE DATABASE {copy} TEMPLATE {original}", "CHECKPOINT")


def table(pairs, name, own, peer):
    ratio = statistics.median(a["wall"] / b["wall"] for a, b in pairs)
    cpu = statistics.median(a["cpu"] / b["cpu"] for a, b in pairs)
    print(f"{name:34} {statistics.median(a['wall'] for a, _ in pairs):8.2f} s  {own}")
    print(f"{'':34} {statistics.median(b['wall'] for _, b in pairs):8.2f} s  {peer}")
    print(f"{'':34} {ratio:8.2f}    wall ratio (median of {len(pairs)}); CPU ratio {cpu:.2f};"
          f" peak memory {max(a['memory'] for a, _ in pairs):.0f} MB", flush=True)
    figures[name] = {"wall_ratio": ratio, "cpu_ratio": cpu, "wall": statistics.median(a["wall"] for a, _ in pairs),
                     "memory_mb": max(a["memory"] for a, _ in pairs)}


figures = {"rows": options.rows, "others": options.others * 10}
library = f"{folder}/library"
try:
    run(sitong, "library", "init", "--embedded", library, "--quiet")
    run(sitong, "library", "start", "--library", library, "--quiet")
    url = run(sitong, "library", "url", "--library", library, "--quiet").strip()
    words = dict(word.split("=", 1) for word in url.split())
    base = " ".join(f"{key}={value}" for key, value in words.items() if key != "dbname") + " dbname={}"
    own_database = words["dbname"]
    postmaster = int(sql(own_database, "SELECT pg_read_file('postmaster.pid')").split()[0])

    os.makedirs(f"{folder}/schemas")
    with open(f"{folder}/schemas/anjian.yaml", "w") as file:
        file.write("table: anjian\ntitle: 案件\nkey: [ajbs]\ncourt: fydm\ncolumns:\n")
        file.writelines(f"  - {{name: {name}, type: \"{kind}\"}}\n" for name, kind, _ in COLUMNS)
    sql(own_database, "CREATE DATABASE source", "CREATE DATABASE base")
    with open(f"{folder}/source.yaml", "w") as file:
        file.write(f"source: bench\nconnect: {{kind: postgres, url: \"{place('source')}\"}}\ntables:\n"
                   "  anjian:\n    from: t_aj\n    columns: {" + ", ".join(f"{n}: {n}" for n, _, _ in COLUMNS)
                   + "}\n    watermark: gxsj\n")
    values = ", ".join(f"{value} AS {name}" for name, _, value in COLUMNS)
    sql("source", f"CREATE TABLE t_aj AS SELECT {values} FROM generate_series(1, {options.rows}) g",
        "VACUUM (FREEZE, ANALYZE) t_aj")
    schemas = ["--schemas", f"{folder}/schemas"]
    run(sitong, "schema", "apply", "--library", place("base"), *schemas, "--quiet")
    sql("base", f"INSERT INTO anjian SELECT {values}, 0 FROM generate_series(1, {options.others * 10}) g",
        "CREATE TABLE bare (LIKE anjian INCLUDING ALL)", "ALTER TABLE bare ALTER sitong_batch SET DEFAULT 0",
        "INSERT INTO bare SELECT * FROM anjian", "VACUUM (FREEZE, ANALYZE) anjian", "VACUUM (FREEZE, ANALYZE) bare",
        "CHECKPOINT")
    print(f"{options.rows:,} rows of {len(COLUMNS)} columns; the library holds {options.others * 10:,} of ten other courts",
          flush=True)

    def extract(outbox, *arguments):
        return measure([sitong, "extract", "--source", f"{folder}/source.yaml", "--to", outbox, *schemas, "--quiet",
                        *arguments])

    def load(database, batch):
        return measure([sitong, "load", batch, "--library", place(database), *schemas, "--json", "--quiet"])

    def extract_leg():
        pairs = []
        for number in range(options.pairs):
            shutil.rmtree(f"{folder}/outbox", ignore_errors=True)
            own = extract(f"{folder}/outbox", "--full")
            peer = measure(f"psql --no-psqlrc -q '{place('source')}' -c 'COPY t_aj TO STDOUT (FORMAT csv)'"
                           f" | zstd -q -T2 -1 -f -o '{folder}/peer.zst'", shell=True)
            pairs.append((own, peer))
        table(pairs, "extract", "sitong extract --full", "psql COPY … csv | zstd -T2 -1")

    def load_leg(first):
        parts = sorted(glob.glob(f"{first}/anjian/*.zst"))
        copies = " ".join(
            f"-c \"\\copy bare ({NAMES}) FROM PROGRAM 'zstd -dc {part}' (FORMAT csv, HEADER)\"" for part in parts)
        pairs = []
        for number in range(options.pairs):
            fresh("leg", "base")
            own = load("leg", first)
            fresh("leg", "base")
            peer = measure(f"psql --no-psqlrc -q --single-transaction '{place('leg')}' {copies}", shell=True)
            pairs.append((own, peer))
        counts = json.loads(pairs[-1][0]["output"])["total"]
        assert counts["inserted"] == options.rows, counts
        table(pairs, "load", "sitong load", "\\copy of the same parts, decompressed")
        return statistics.median(own["wall"] for own, _ in pairs)

    def again_leg(first, whole):
        fresh("loaded", "base")
        load("loaded", first)
        sql("loaded", "VACUUM ANALYZE anjian")
        shutil.copytree(f"{folder}/outbox", f"{folder}/changes")
        sql("source", f"UPDATE t_aj SET ts = ts + 1000, gxsj = '{TODAY}' WHERE ajbs < '028f5c28'")
        changed = int(sql("source", f"SELECT count(*) FROM t_aj WHERE gxsj = '{TODAY}'"))
        extract(f"{folder}/outbox", "--full")
        extract(f"{folder}/changes", "--since", TODAY)
        again = max(glob.glob(f"{folder}/outbox/bench-*"), key=os.path.basename)
        delta = max(glob.glob(f"{folder}/changes/bench-*"), key=os.path.basename)
        pairs = []
        for number in range(max(1, options.pairs // 2)):
            fresh("leg", "loaded")
            own = load("leg", again)
            fresh("leg", "loaded")
            pairs.append((own, load("leg", delta)))
        total = json.loads(pairs[-1][0]["output"])["total"]
        written = total["inserted"] + total["updated"]
        assert total["updated"] == changed and total["unchanged"] == options.rows - changed, total
        full, small = (statistics.median(pair[leg]["wall"] for pair in pairs) for leg in (0, 1))
        print(f"{'all rows again, 1 % changed':34} {full:8.2f} s  {full / whole:.2f} × the first load,"
              f" {100 * written / options.rows:.1f} % of the rows written")
        print(f"{'the 1 % alone':34} {small:8.2f} s  {whole / small:.1f} × faster than the first load,"
              f" {full / small:.1f} × than all again", flush=True)
        figures["again"] = {"wall": full, "of_first": full / whole, "written": written / options.rows}
        figures["delta"] = {"wall": small, "faster_than_first": whole / small}

    def sqlite_leg():
        file = f"{folder}/court.sqlite"
        kinds = {"int": "integer", "bool": "boolean", "date": "date", "timestamp": "timestamp"}
        names = [f"{name} {kinds.get(kind, 'text' if kind.startswith('text') else 'decimal(18,2)')}" for name, kind, _ in COLUMNS]
        court = sqlite3.connect(file)
        court.execute(f"CREATE TABLE t_aj ({', '.join(names)}, PRIMARY KEY (ajbs)) WITHOUT ROWID")
        bools = [place for place, (_, kind, _) in enumerate(COLUMNS) if kind == "bool"]
        query = f"COPY (SELECT {NAMES} FROM t_aj ORDER BY ajbs COLLATE \"C\") TO STDOUT (FORMAT csv)"
        with subprocess.Popen(["psql", "--no-psqlrc", "-q", place("source"), "-c", query], stdout=subprocess.PIPE,
                              text=True) as rows:
            def values():
                for row in csv.reader(rows.stdout):
                    for bool_place in bools:
                        row[bool_place] = int(row[bool_place] == "t")
                    yield [None if value == "" else value for value in row]
            court.executemany(f"INSERT INTO t_aj VALUES ({', '.join('?' * len(COLUMNS))})", values())
        court.commit()
        court.close()
        with open(f"{folder}/sqlite.yaml", "w") as definition:
            definition.write(f"source: court\nconnect: {{kind: sqlite, path: \"{file}\"}}\ntables:\n"
                             "  anjian:\n    from: t_aj\n    columns: {" + ", ".join(f"{n}: {n}" for n, _, _ in COLUMNS)
                             + "}\n    watermark: gxsj\n")
        with open(f"{folder}/pgloader.load", "w") as command:
            command.write(f"LOAD DATABASE FROM sqlite://{file}"
                          f" INTO postgresql://{words['user']}@unix:{words['host']}:{words.get('port', '5432')}/leg"
                          " WITH create tables, create indexes, reset no sequences;\n")
        pairs = []
        for number in range(max(1, options.pairs // 2)):
            fresh("leg", "base")
            shutil.rmtree(f"{folder}/court", ignore_errors=True)
            out = measure([sitong, "extract", "--source", f"{folder}/sqlite.yaml", "--to", f"{folder}/court", *schemas,
                           "--quiet", "--full"])
            own = load("leg", glob.glob(f"{folder}/court/court-*")[0])
            assert json.loads(own["output"])["total"]["inserted"] == options.rows, own["output"]
            both = {"wall": out["wall"] + own["wall"], "cpu": out["cpu"] + own["cpu"],
                    "memory": max(out["memory"], own["memory"])}
            sql("postgres", "DROP DATABASE IF EXISTS leg", "CREATE DATABASE leg", "CHECKPOINT")
            peer = measure(["pgloader", "--quiet", f"{folder}/pgloader.load"])
            found = int(sql("leg", "SELECT count(*) FROM t_aj"))
            assert found == options.rows, f"pgloader copied {found} rows: {peer['output']}"
            pairs.append((both, peer))
        table(pairs, "SQLite to library", "sitong extract, then load", "pgloader")

    def long_leg():
        sql("source", f"CREATE TABLE t_long AS SELECT {values} FROM generate_series(1, {options.long}) g",
            "VACUUM (FREEZE, ANALYZE) t_long", "CHECKPOINT")
        size = int(sql("source", "SELECT pg_table_size('t_long')"))
        with open(f"{folder}/source.yaml") as definition:
            text = definition.read()
        with open(f"{folder}/long.yaml", "w") as definition:
            definition.write(text.replace("source: bench", "source: long").replace("t_aj", "t_long"))
        limit = ["bash", "-c", 'ulimit -v 524288; exec "$0" "$@"', sitong]
        fresh("leg", "base")
        out = measure([*limit, "extract", "--source", f"{folder}/long.yaml", "--to", f"{folder}/long", *schemas,
                       "--quiet", "--full"])
        sql("source", "DROP TABLE t_long")
        batch = glob.glob(f"{folder}/long/long-*")[0]
        own = measure([*limit, "load", batch, "--library", place("leg"), *schemas, "--json", "--quiet"])
        assert json.loads(own["output"])["total"]["inserted"] == options.long, own["output"]
        print(f"{options.long:,} rows, {size / 1e9:.2f} GB as a table, each in an address space of 512 MB:")
        for name, leg in (("extract", out), ("load", own)):
            known = figures.get(name, {}).get("memory_mb")
            beside = f", {leg['memory'] / known:.2f} × that of {options.rows:,} rows" if known else ""
            print(f"{'  ' + name:34} {leg['wall']:8.2f} s  peak memory {leg['memory']:.0f} MB{beside}", flush=True)
            figures[f"long {name}"] = {"wall": leg["wall"], "memory_mb": leg["memory"], "rows": options.long}

    if "extract" in legs:
        extract_leg()
    elif set(legs) & {"load", "again"}:
        extract(f"{folder}/outbox", "--full")
    if set(legs) & {"load", "again"}:
        first = glob.glob(f"{folder}/outbox/bench-*")[0]
        whole = load_leg(first)
        if "again" in legs:
            again_leg(first, whole)
    if "sqlite" in legs:
        sqlite_leg()
    if "long" in legs and options.long:
        long_leg()
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=1)
finally:
    subprocess.run([sitong, "library", "stop", "--library", library, "--quiet"], capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
