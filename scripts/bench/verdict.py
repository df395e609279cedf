"""Whether an answer is right: counts and rows exactly those of the truth. A fast wrong answer is no answer."""

import csv
import json

from workload import table_of


def faults_of_ours(use, findings, workload, rules):
    """What is wrong with a run of `qc --json --findings`; empty when its every count, row and key is right."""
    if use.status != 1:
        return [f"status {use.status}, not 1"]
    return _counts(json.loads(use.output), workload, rules) + _findings(findings, workload, rules)


def _counts(summary, workload, rules):
    faults = []
    judged = {rule["id"]: rule for rule in summary["rules"] if not rule["builtin"]}
    if sorted(judged) != sorted(rules):
        faults.append(f"judged the rules {sorted(judged)}, not {sorted(rules)}")
    for rule in summary["rules"]:
        identifier, expected = rule["id"], len(workload.truth.get(rule["id"], []))
        if rule["not_run"] is not None:
            faults.append(f"{identifier} did not run: {rule['not_run']}")
        if rule["false"] != expected:
            faults.append(f"{identifier} counts {rule['false']}, the truth is {expected}")
        outcomes = sum(rule[outcome] for outcome in ("true", "false", "undecided", "error"))
        if outcomes != rule["rows_in_scope"]:
            faults.append(f"{identifier}: {outcomes} outcomes of {rule['rows_in_scope']} rows in scope")
        if not rule["builtin"] and rule["rows_in_scope"] != workload.row_count(rule["table"]):
            faults.append(f"{identifier} judged {rule['rows_in_scope']} rows of {workload.row_count(rule['table'])}")
    return faults


def _findings(path, workload, rules):
    """Each violation once, with its row and its key, ordered by rule and row."""
    faults = []
    places = []
    order = {rule: place for place, rule in enumerate(rules)}
    found = {rule: [] for rule in rules}
    with open(path, newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            rule, table, row = line["rule"], line["table"], int(line["row"])
            if rule not in found:
                faults.append(f"a finding of {rule}, which was not asked for")
                continue
            if table != table_of(rule):
                faults.append(f"a finding of {rule} in table {table}")
            elif workload.keys.get((table, row), line["key"]) != line["key"]:
                faults.append(f"{rule} names another key for row {row} of {table}")
            found[rule].append(row)
            places.append((order[rule], row))
    for rule, rows in found.items():
        expected = set(workload.truth[rule])
        missing, extra = sorted(expected - set(rows)), sorted(set(rows) - expected)
        if missing or extra or len(rows) != len(expected):
            faults.append(
                f"{rule}: {len(rows)} rows found of {len(expected)}; first missing {missing[:3]}, first wrong {extra[:3]}"
            )
    if places != sorted(places):
        faults.append("findings are not ordered by rule and row")
    return faults


def faults_of_peer(use, rule_count):
    """What a peer says about its own counts, in its last line."""
    if use.status != 0:
        return [f"status {use.status}"]
    verdict = json.loads(use.output.splitlines()[-1])
    if verdict["rules"] != rule_count:
        return [f"counted {verdict['rules']} rules, not {rule_count}"]
    return [f"{rule} counts {pair[0]}, the truth is {pair[1]}" for rule, pair in verdict["bad"].items()]
