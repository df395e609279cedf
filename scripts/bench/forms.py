"""`make bench-forms`: the 64 report rules of workload W1, judged by sitong and by its peers in turn.

Figures are CPU seconds (user + system of the whole process, the start of its interpreter included) and ratios are of
runs of the same round. The peers count only; ours also writes every violation with its cell and both sides, and all of
them are compared with what DuckDB finds. Ends with 1 when a count or a violation of anyone differs.
"""

import argparse
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import machine
import measure
from workload import HERE, PEERS, ROOT

COLUMNS = "form=bb,court=fydm,period=qj,row=hang,column=lie,value=hzz,own=zhi"
RULE_COUNT = 64
KEY = ("rule", "form", "court", "period", "row", "column", "actual", "expected")


def main():
    options = arguments()
    folder = prepare(options)
    truth = json.loads((folder / "meta.json").read_text())["counts"]
    expected = violations(folder)
    with open(folder / "baobiao.csv", "rb", buffering=0) as file:  # Nobody pays for the first read from the disk.
        while file.read(1 << 24):
            pass
    rounds, faults = [], []
    with tempfile.TemporaryDirectory(prefix="sitong-bench-") as scratch:
        findings = pathlib.Path(scratch) / "findings.csv"
        everyone = contestants(options.binary, folder, findings)
        for number in range(options.pairs):
            uses = {}
            for name, command in everyone.items():
                log = pathlib.Path(scratch) / "log"
                use = uses[name] = measure.run(command, log)
                wrong = faults_of_ours(use, findings, truth, expected) if name == "sitong" else faults_of_peer(use)
                if wrong:
                    faults += [f"{name}, round {number + 1}: {fault}" for fault in wrong]
                    sys.stderr.write(log.read_text(errors="replace")[-2000:])
            rounds.append(uses)
    print(table(options, folder, rounds))
    if faults:
        print(f"WRONG: {len(faults)} differences from the truth", file=sys.stderr)
        for fault in faults[:30]:
            print(f"  {fault}", file=sys.stderr)
        return 1
    print(f"right: all counts of everyone; of ours every one of {len(expected):,} violations, its cell and both sides")
    return 0


def arguments():
    parser = argparse.ArgumentParser(prog="bench-forms", description=__doc__)
    parser.add_argument("--periods", type=int, default=12, help="months of figures; 0.8 million cells each")
    parser.add_argument("--pairs", type=int, default=5, help="rounds of all contestants, one after the other")
    parser.add_argument("--binary", default=".build/release/sitong")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build"), help="where the data goes")
    options = parser.parse_args()
    if options.periods < 1 or options.pairs < 1:
        parser.error("--periods and --pairs are at least 1")
    return options


def prepare(options):
    """The data, made once and kept: the report cells do not depend on the number of cases."""
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    folder = options.build / "bench-data" / f"forms-{options.periods}"
    if not (folder / "meta.json").exists():
        print(f"generating {options.periods} periods in {folder}", file=sys.stderr, flush=True)
        command = [sys.executable, PEERS / "gen.py", "--n", "20000", "--periods", str(options.periods), "--out", folder]
        subprocess.run(command, check=True, stdout=sys.stderr)
    if not (folder / "violations.csv").exists():
        subprocess.run([sys.executable, HERE / "forms_truth.py", folder], check=True)
    return folder


def contestants(binary, folder, findings):
    figures = folder / "baobiao.csv"
    ours = [binary, "reconcile", "forms", "--schemas", ROOT / "Fixtures" / "w1", "--figures", figures]
    return {
        "sitong": [*map(str, ours), "--map", COLUMNS, "--findings", str(findings), "--json"],
        "DuckDB, load then fused": [sys.executable, str(PEERS / "p_duck.py"), "load-all", str(folder), "R"],
        "Polars, fused over CSV": [sys.executable, str(PEERS / "p_polars.py"), "csv-fused", str(folder), "R"],
    }


def violations(folder):
    with open(folder / "violations.csv", newline="", encoding="utf-8") as file:
        return {tuple(line[name] for name in KEY) for line in csv.DictReader(file)}


def faults_of_ours(use, findings, truth, expected):
    if use.status != 1:
        return [f"status {use.status}, not 1"]
    faults, counts = [], {}
    for rule in json.loads(use.output)["rules"]:
        counts[rule["id"]] = counts.get(rule["id"], 0) + rule["false"]
        outcomes = sum(rule[outcome] for outcome in ("true", "false", "undecided", "error"))
        if rule["not_run"] is not None or outcomes != rule["rows_in_scope"] or rule["truncated"]:
            faults.append(f"{rule['id']}: {rule}")
    if len(counts) != RULE_COUNT:
        faults.append(f"judged {len(counts)} rules, not {RULE_COUNT}")
    faults += [f"{rule} counts {count}, the truth is {truth[rule]}" for rule, count in counts.items() if count != truth[rule]]
    with open(findings, newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    found = [tuple(line[name] for name in KEY) for line in lines]
    if len(found) != len(set(found)):
        faults.append("a finding is written twice")
    missing, extra = sorted(expected - set(found)), sorted(set(found) - expected)
    if missing or extra:
        faults.append(f"{len(missing)} violations are not found, first {missing[:2]}; {len(extra)} wrong {extra[:2]}")
    order = {rule: place for place, rule in enumerate(counts)}
    places = [(order[one["rule"]], one["form"], one["period"], one["court"], int(one["row"]), int(one["column"])) for one in lines]
    if places != sorted(places):
        faults.append("findings are not ordered by rule, form, period, court, row and column")
    differences = [one for one in lines if int(one["difference"]) != int(one["actual"]) - int(one["expected"])]
    if differences:
        faults.append(f"{len(differences)} findings with a wrong difference")
    return faults


def faults_of_peer(use):
    if use.status != 0:
        return [f"status {use.status}"]
    verdict = json.loads(use.output.splitlines()[-1])
    if verdict["rules"] != RULE_COUNT:
        return [f"counted {verdict['rules']} rules, not {RULE_COUNT}"]
    return [f"{rule} counts {pair[0]}, the truth is {pair[1]}" for rule, pair in verdict["bad"].items()]


def table(options, folder, rounds):
    about = machine.description()
    cells = 799_200 * options.periods
    size = (folder / "baobiao.csv").stat().st_size / 1e6
    lines = [
        f"W1 report rules: {cells:,} cells of {options.periods} periods, {size:,.0f} MB; {len(rounds)} rounds",
        f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, load {about['load']}; "
        f"sitong {about['commit']}, DuckDB {about['peers']['duckdb']}, Polars {about['peers']['polars']}",
        "CPU s and wall s are medians, ratios are of each round: median (least–most)",
        f"{'':<30}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'CPU of it ÷ ours':>21}",
    ]
    names = list(rounds[0])
    for name in names:
        uses = [each[name] for each in rounds]
        figures = (
            f"{statistics.median(use.cpu for use in uses):>9.2f}{statistics.median(use.wall for use in uses):>9.2f}"
            f"{max(use.peak_mb for use in uses):>9.0f}"
        )
        ratio = "" if name == "sitong" else text(each[name].cpu / each["sitong"].cpu for each in rounds)
        lines.append(f"  {name:<28}{figures}{ratio:>21}".rstrip())
    best = text(min(each[name].cpu for name in names[1:]) / each["sitong"].cpu for each in rounds)
    lines.append(f"  {'the better peer of each round ÷ ours (required 8, aim 12)':<57}{best:>19}")
    return "\n".join(lines)


def text(ratios):
    ratios = sorted(ratios)
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"


if __name__ == "__main__":
    sys.exit(main())
