"""Who runs: sitong and the peers, each on the whole workload and on its row rules alone."""

import dataclasses
import sys

from verdict import faults_of_ours, faults_of_peer
from workload import PEERS, ROOT, ROWS_A, ROWS_D, RULES, TABLES


@dataclasses.dataclass(eq=False)
class Contestant:
    group: str  # "all" or "rows"
    name: str
    command: list
    faults: callable  # of a Use: what is wrong with its answer
    table: str = ""  # the one table that it judged, when it did not judge both


def contestants(binary, workload, scratch, groups):
    return [one for group in groups for one in (_all, _rows)[group == "rows"](binary, workload, scratch)]


def ours(binary, workload, scratch, group, rules, tags=""):
    findings = scratch / f"findings-{group}.csv"
    tables = [f"--table={table}={workload.file(table)}" for table in TABLES]
    command = [binary, "qc", "--schemas", ROOT / "Fixtures" / "w1", *tables, "--findings", findings, "--json"]
    return Contestant(
        group,
        "sitong",
        [str(word) for word in command] + ([f"--rules={tags}"] if tags else []),
        lambda use: faults_of_ours(use, findings, workload, rules),
    )


def _peer(workload, group, program, mode, parts, rule_count, name, table=""):
    command = [sys.executable, str(PEERS / program), mode, str(workload.folder), parts]
    return Contestant(group, name, command, lambda use: faults_of_peer(use, rule_count), table)


def _all(binary, workload, scratch):
    return [
        ours(binary, workload, scratch, "all", RULES),
        _peer(workload, "all", "p_duck.py", "load-all", "A,D,U,X", len(RULES), "DuckDB, load then fused"),
        _peer(workload, "all", "p_polars.py", "csv-fused", "A,D,U,X", len(RULES), "Polars, fused over CSV"),
    ]


def _rows(binary, workload, scratch):
    cases, parties = len(ROWS_A), len(ROWS_D)
    return [
        ours(binary, workload, scratch, "rows", ROWS_A + ROWS_D, "rows-a,rows-d"),
        _peer(workload, "rows", "p_duck.py", "csv-fused-rows", "A", cases, "DuckDB over CSV, cases", "anjian"),
        _peer(workload, "rows", "p_duck.py", "load-all", "A", cases, "DuckDB loaded, cases", "anjian"),
        _peer(workload, "rows", "p_duck.py", "csv-fused-rows", "D", parties, "DuckDB over CSV, parties", "dangshiren"),
        _peer(workload, "rows", "p_polars.py", "csv-fused", "D", parties, "Polars over CSV, parties", "dangshiren"),
    ]
