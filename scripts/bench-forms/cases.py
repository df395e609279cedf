"""Invents cases (案件) as a CSV file with the columns of Schemas/tables, for measuring `forms compute`.

    cases.py FOLDER ROWS [PREFIX]

Courts are those of the court list whose mark begins with PREFIX (豫 and the two high courts beside it by default: 185
courts); cases, people and amounts are invented, the same in every run. Six years of cases, most of them closed.
"""
import csv
import pathlib
import sys

import duckdb

HOME = pathlib.Path(__file__).resolve().parents[2]


def codes(name):
    with open(HOME / "Schemas/codes" / name, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main():
    folder, rows = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    prefix = sys.argv[3] if len(sys.argv) > 3 else "豫"
    folder.mkdir(parents=True, exist_ok=True)
    courts = [c["dz"] for c in codes("courts.csv") if c["dz"].startswith(prefix)]
    if prefix == "豫":
        courts += [c["dz"] for c in codes("courts.csv") if c["dz"].startswith("青")][: 185 - len(courts)]
    causes = codes("ay.csv")
    leaves = {family: [c["dm"] for c in causes if c["lb"] == family and int(c["jb"]) >= 2]
              for family in ("民事", "刑事", "行政")}
    # Case types and how often each is met, in thousandths.
    types = ([("0301", 420), ("1002", 190), ("0201", 75), ("0302", 70), ("1003", 40), ("1004", 40), ("0202", 20),
              ("0401", 25), ("0402", 12), ("0224", 15), ("0305", 15), ("0307", 6), ("1006", 15), ("1007", 6),
              ("0207", 3), ("0405", 4), ("0409", 8), ("0502", 3), ("0511", 1), ("1103", 3), ("1112", 2), ("0318", 12),
              ("9901", 10), ("0102", 3), ("0802", 2)])
    wheel = [code for code, share in types for _ in range(share)]
    db = duckdb.connect()
    db.execute("SET threads = 2; SET preserve_insertion_order = true")
    for name, values in [("courts", courts), ("wheel", wheel)] + [
            (f"causes_{n}", leaves[f]) for n, f in enumerate(("民事", "刑事", "行政"))]:
        db.execute(f"SET VARIABLE {name} = " + str(values))
    cause = " ".join(
        f"WHEN left(ajlx, 2) = '{family}' THEN getvariable('causes_{n}')"
        f"[CAST(1 + (h4 % {len(leaves[name])} * (h5 % 1000) // 1000) AS BIGINT)]"
        for n, (family, name) in enumerate((("03", "民事"), ("02", "刑事"), ("04", "行政"))))
    db.execute(f"""
        COPY (
          WITH dice AS (
            SELECT i, hash(i * 8 + 1) h1, hash(i * 8 + 2) h2, hash(i * 8 + 3) h3, hash(i * 8 + 4) h4,
                   hash(i * 8 + 5) h5, hash(i * 8 + 6) h6, hash(i * 8 + 7) h7
            FROM range({rows}) t(i)),
          typed AS (
            SELECT *, getvariable('courts')[CAST(1 + h1 % {len(courts)} AS BIGINT)] AS fydm,
                   getvariable('wheel')[CAST(1 + h2 % {len(wheel)} AS BIGINT)] AS ajlx,
                   DATE '2021-01-01' + CAST(h3 % 2130 AS INTEGER) AS larq
            FROM dice),
          dated AS (
            SELECT *, CASE WHEN h6 % 100 < 92 THEN larq + CAST(h7 % 40 * (h7 // 64 % 12) AS INTEGER) END AS closed
            FROM typed)
          SELECT md5(CAST(i AS VARCHAR)) AS ajbs,
                 '（' || year(larq) || '）' || fydm || '民初' || (1 + i % 90000) || '号' AS ah,
                 fydm, ajlx, CAST(1 + h4 % 6 AS VARCHAR) AS ajly, larq - 3 AS sdszrq, larq,
                 CASE WHEN h5 % 200 = 0 THEN NULL {cause} END AS ay,
                 CASE WHEN h6 % 50 = 0 THEN NULL ELSE CAST(1 + h6 // 64 % 4 AS VARCHAR) END AS sycx,
                 '第' || (1 + h1 // 1024 % 5) || '审判庭' AS cbspt, '承办人' || h2 // 4096 % 40 AS cbr, larq + 1 AS sxqsrq,
                 CASE WHEN h3 // 4096 % 5 > 0 THEN larq + CAST(90 + 90 * (h3 // 65536 % 3) AS INTEGER) END AS sxjmrq,
                 180 AS fdsxts, CAST(h7 % 300 AS INTEGER) AS sjslts, 0 AS csxts, NULL AS csxyy,
                 CASE WHEN closed <= DATE '2026-10-31' THEN closed END AS jarq,
                 CASE WHEN closed <= DATE '2026-10-31' AND h5 // 512 % 100 > 0 THEN
                   lpad(CAST(1 + h5 // 65536 % 15 AS VARCHAR), 2, '0') END AS jafs,
                 NULL AS jaay,
                 CASE WHEN h4 // 4096 % 6 > 0 THEN
                   CAST(round(power(10, 2 + (h4 // 65536 % 700) / 100.0), 2) AS DECIMAL(18, 2)) END AS qsbdje,
                 CASE WHEN closed <= DATE '2026-10-31' AND h4 // 4096 % 6 > 1 THEN
                   CAST(round(power(10, 2 + (h4 // 65536 % 700) / 100.0) * 0.8, 2) AS DECIMAL(18, 2)) END AS jabdje,
                 NULL AS sxrq, 1 + h1 // 65536 % 4 AS dsrs,
                 strftime(larq + INTERVAL 9 HOUR + to_seconds(CAST(h2 % 30000 AS INTEGER)), '%Y-%m-%d %H:%M:%S') AS gxsj
          FROM dated ORDER BY i
        ) TO '{folder / "anjian.csv"}' (HEADER, DELIMITER ',')""")
    print(f"{rows} cases of {len(courts)} courts in {folder / 'anjian.csv'}")


main()
