"""Writes table, row and key of every row of W1 that violates a rule, read from the data by DuckDB.

keys.py DATA OUT. In a process of its own, so that the one that measures stays small.
"""

import json
import os
import sys

import duckdb

from workload import RULES, TABLES, table_of

data, out = sys.argv[1:]
with open(f"{data}/truth.json", encoding="utf-8") as file:
    truth = json.load(file)

connection = duckdb.connect()
parts = []
for table, key in TABLES.items():
    rows = {row for rule in RULES if table_of(rule) == table for row in truth[rule]["rows"]}
    with open(f"{out}.{table}", "w", encoding="utf-8") as file:
        file.writelines(f"{row}\n" for row in sorted(rows))
    parts.append(
        f"""SELECT '{table}', row, coalesce({key}, '')
        FROM (SELECT row_number() OVER () AS row, {key}
              FROM read_csv('{data}/{table}.csv', header = true, all_varchar = true, quote = '"', escape = '"'))
        JOIN read_csv('{out}.{table}', header = false, columns = {{'row': 'BIGINT'}}) USING (row)"""
    )
connection.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{out}.new' (HEADER false)")
for table in TABLES:
    os.remove(f"{out}.{table}")
os.rename(f"{out}.new", out)
