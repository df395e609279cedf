"""Writes every violation of W1's 64 report rules, with its cell and both sides, found by DuckDB: forms_truth.py DATA.

In a process of its own, so that the one that measures stays small.
"""

import os
import sys

import duckdb

folder = sys.argv[1]
TOTALS = [(row, row - 1) for row in range(3, 10)] + [(row, row - 2) for row in range(11, 14)] + [(21, 12)]
WITHIN_ROW = {"a": ("3", "c1 + c2"), "b": ("4", "c5 + c6 + c7 + c8 + c9"), "c": ("10", "c3 - c4")}

connection = duckdb.connect()
source = f"read_csv('{folder}/baobiao.csv', header = true, types = {{'qj': 'VARCHAR', 'fydm': 'VARCHAR', 'bb': 'VARCHAR'}})"
connection.execute(f"CREATE TABLE b AS FROM {source}")
connection.execute(
    f"CREATE TABLE courts AS FROM read_csv('{folder}/courts.csv', header = true, all_varchar = true)"
)
columns = ", ".join(f"max(hzz) FILTER (lie = {column}) AS c{column}" for column in range(1, 13))
connection.execute(f"CREATE TABLE by_row AS SELECT qj, fydm, bb, hang, {columns} FROM b GROUP BY ALL")
rows = ", ".join(f"max(hzz) FILTER (hang = {row}) AS r{row}" for row in (1, 2, 10, 20))
connection.execute(f"CREATE TABLE by_column AS SELECT qj, fydm, bb, lie, {rows} FROM b GROUP BY ALL")

queries = []


def query(rule, form, row, column, actual, expected, source, broken):
    queries.append(
        f"SELECT {rule} AS rule, {form} AS form, fydm AS court, qj AS period, {row} AS row, {column} AS \"column\", "
        f"{actual} AS actual, {expected} AS expected FROM {source} WHERE {broken}"
    )


for suffix, (column, right) in WITHIN_ROW.items():
    query(f"'N' || bb[2:] || '{suffix}'", "bb", "hang", column, f"c{column}", right, "by_row", f"c{column} <> {right}")
query("'N' || bb[2:] || 'd'", "bb", "1", "lie", "r1", "r2 + r10 + r20", "by_column", "r1 <> r2 + r10 + r20")
for number, (row, form) in enumerate(TOTALS):
    other = f"b JOIN (SELECT qj, fydm, lie, hzz AS t FROM b WHERE bb = 'F{form:02d}' AND hang = 1) USING (qj, fydm, lie)"
    query(f"'C{number + 1:02d}'", "'F01'", row, "lie", "hzz", "t", other, f"bb = 'F01' AND hang = {row} AND hzz <> t")
for number, form in enumerate((2, 4, 6, 8)):
    other = "b JOIN (SELECT qj, fydm, hzz AS t FROM b WHERE bb = 'F01' AND hang = 1 AND lie = 12) USING (qj, fydm)"
    query(
        f"'C{number + 12}'", f"'F{form:02d}'", 1, 12, "hzz", "t", other,
        f"bb = 'F{form:02d}' AND hang = 1 AND lie = 12 AND hzz > t",
    )  # fmt: skip
below = (
    "(SELECT qj, sjfy AS fydm, bb, hang, lie, sum(hzz)::BIGINT AS s FROM b JOIN courts USING (fydm) "
    "WHERE sjfy IS NOT NULL GROUP BY ALL)"
)
query(
    "'H01'", "bb", "hang", "lie", "hzz", "zhi + coalesce(s, 0)",
    f"b LEFT JOIN {below} USING (qj, fydm, bb, hang, lie)", "hzz <> zhi + coalesce(s, 0)",
)  # fmt: skip
connection.execute(f"COPY ({' UNION ALL '.join(queries)}) TO '{folder}/violations.csv.new' (HEADER true)")
os.rename(f"{folder}/violations.csv.new", f"{folder}/violations.csv")
