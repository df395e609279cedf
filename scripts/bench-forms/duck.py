"""All shipped forms by DuckDB, from CSV: duck.py CSV PERIOD,PERIOD OUT.csv [SQL-FOLDER]

Prints wall and processor seconds and peak memory as JSON, of reading and counting alone: the results stay in tables. Cases
that no column counts are left out while the file is read; each form is then counted over groups (see translate.py).
"""
import csv
import json
import pathlib
import resource
import sys
import time

import duckdb
import translate


def main():
    source, labels, out = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
    folder = pathlib.Path(sys.argv[4]) if len(sys.argv) > 4 else None
    world = translate.load()
    forms = [translate.FormSQL(form, world, labels) for form in world[0].values()]
    begin, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    db = duckdb.connect()
    db.execute("SET threads = 2; SET preserve_insertion_order = false")
    types = {"fydm": "VARCHAR", "ajlx": "VARCHAR", "ay": "VARCHAR", "sycx": "VARCHAR", "jafs": "VARCHAR",
             "larq": "DATE", "jarq": "DATE", "sxjmrq": "DATE", "qsbdje": "DECIMAL(18,2)", "jabdje": "DECIMAL(18,2)"}
    with open(source, encoding="utf-8") as file:
        header = next(csv.reader(file))
    columns = {name: types.get(name, "VARCHAR") for name in header}
    gates = sorted({gate for form in forms for gate in form.gates})
    statements = [
        f"CREATE TABLE live AS SELECT {', '.join(types)}\nFROM read_csv('{source}', header = true, auto_detect = false, "
        f"delim = ',', quote = '\"', columns = {columns})\nWHERE " + "\n  OR ".join(gates)]
    trees = world[3]
    for tree in sorted({form.each for form in forms if form.each}):
        pairs = [(code, above) for code in trees.parents[tree] for above in trees.above(tree, code)
                 if above in trees.parents[tree]]
        statements.append(f"CREATE TABLE above_{tree.replace('-', '_')} AS SELECT * FROM (VALUES "
                          + ", ".join(f"('{a}', '{b}')" for a, b in pairs) + ") t(ay, above)")
    for statement in statements:
        db.execute(statement)
    texts = list(statements)
    for form in forms:
        texts.append(f"CREATE TABLE {form.name} AS\n{form.statement()}")
        db.execute(texts[-1])
    spent, seconds = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - begin
    # What follows is for the comparison and is not measured.
    lines = 0
    with open(out, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["form", "court", "period", "row", "column", "own"])
        for form in forms:
            for record in db.execute(f"SELECT * FROM {form.name}").fetchall():
                for (period, column, _, _), value in zip(form.columns, record[2:]):
                    if value:
                        writer.writerow([form.name, record[0], period, record[1], column, value])
                        lines += 1
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "duckdb.sql").write_text(";\n\n".join(texts) + ";\n", encoding="utf-8")
    print(json.dumps({
        "engine": f"duckdb {duckdb.__version__}", "seconds": round(seconds, 3),
        "cpu_seconds": round(spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime, 3),
        "peak_memory_bytes": spent.ru_maxrss * 1024, "figures": lines}))


main()
