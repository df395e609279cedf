#!/usr/bin/env python3
"""Runs the conformance cases of Tests/Conformance against a sitong executable.

    scripts/conformance.py BIN [--cases DIR] [--only TEXT] [--jobs N]

docs/conformance.md describes what a case is. Needs Python 3.8 and nothing else.
Exit status: 0 all passed, 1 some failed, 64 usage.
"""
import argparse
import concurrent.futures
import csv
import difflib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HEADER = "rule,severity,table,key,row,court,message,file,line".split(",")
BUILTIN = ("type.", "csv.", "required.", "key.")
DIAGNOSTIC = re.compile(r"^(?P<file>[^\s:][^:]*):(?P<line>\d+):(?P<column>\d+): error\[(?P<code>[a-z0-9-]+)\]", re.M)
SECONDS = 60


class Case:
    def __init__(self, folder, root):
        self.folder = folder
        self.name = str(folder.relative_to(root))
        self.fields = {}
        for line in (folder / "case.yaml").read_text(encoding="utf-8").splitlines():
            key, colon, value = line.partition(": ")
            if line and not line.startswith("#"):
                if not colon:
                    raise SystemExit(f"{self.name}/case.yaml: '{line}' is not 'key: value'")
                self.fields[key] = value.strip()
        for key in ("shows", "arguments", "status"):
            if key not in self.fields:
                raise SystemExit(f"{self.name}/case.yaml lacks '{key}'")

    def expected(self, name):
        file = self.folder / "expected" / name
        return file.read_text(encoding="utf-8") if file.exists() else None

    def run(self, binary):
        """What is wrong, as text; empty when the case passes."""
        with tempfile.TemporaryDirectory() as scratch:
            findings = pathlib.Path(scratch) / "findings.csv"
            command = [binary] + shlex.split(self.fields.get("verb", "qc")) + shlex.split(self.fields["arguments"])
            if "verb" not in self.fields:
                command += ["--findings", str(findings), "--json"]
            environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": scratch, "LC_ALL": "C.UTF-8"}
            if "SITONG_MUTANT" in os.environ:  # Which planted fault is asked for: scripts/mutants.py.
                environment["SITONG_MUTANT"] = os.environ["SITONG_MUTANT"]
            try:
                done = subprocess.run(
                    command + ["--lang", "en"], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                    capture_output=True, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                return f"no answer within {SECONDS} s"
            wrong = []
            stderr = done.stderr.decode("utf-8", "replace")
            if done.returncode != int(self.fields["status"]):
                wrong.append(f"status {done.returncode}, expected {self.fields['status']}\n{stderr[:1500]}")
            wrong += self.compare_findings(findings)
            wrong += self.compare_rules(done.stdout, done.returncode)
            wrong += self.compare_diagnostics(stderr)
            for text in (self.expected("mentions.txt") or "").splitlines():
                if text not in stderr:
                    wrong.append(f"'{text}' is not mentioned in\n{stderr[:1500]}")
            return "\n".join(wrong)

    def compare_findings(self, file):
        text = self.expected("findings.csv")
        if text is None:
            return []
        if not file.exists():
            return ["no findings were written"]
        want = list(csv.reader(text.splitlines(keepends=True)))
        have = list(csv.reader(file.read_text(encoding="utf-8").splitlines(keepends=True)))
        if have[0][:len(HEADER)] != HEADER:
            return [f"the findings begin with {have[0]}"]
        places = [have[0].index(column) for column in want[0]]
        rows = [[row[place] for place in places] for row in have[1:]]
        # Where built-in findings stand among those of rules is not defined; each kind keeps its own order.
        ordered = [row for row in rows if not row[0].startswith(BUILTIN)]
        ordered += sorted(row for row in rows if row[0].startswith(BUILTIN))
        wanted = [row for row in want[1:] if not row[0].startswith(BUILTIN)]
        wanted += sorted(row for row in want[1:] if row[0].startswith(BUILTIN))
        return difference("findings", [want[0]] + wanted, [want[0]] + ordered)

    def compare_rules(self, output, status):
        text = self.expected("rules.json")
        if text is None:
            return []
        try:
            result = json.loads(output)
        except ValueError as error:
            return [f"the output is not one JSON object: {error}"]
        wrong = []
        if result.get("format") != "sitong.qc/1":
            wrong.append(f"format {result.get('format')}")
        if result.get("status") != status:
            wrong.append(f"status {result.get('status')} in JSON, {status} of the process")
        have = {rule["id"]: rule for rule in result.get("rules", [])}
        want = json.loads(text)
        for rule in have.values():
            if rule["not_run"] is None:
                parts = [rule[key] for key in ("true", "false", "undecided", "error")]
                if sum(parts) != rule["rows_in_scope"]:
                    wrong.append(f"{rule['id']}: {parts} are not {rule['rows_in_scope']} rows in scope")
            if rule["id"] not in want and (rule["false"] or not rule["id"].startswith(BUILTIN)):
                wrong.append(f"rule {rule['id']} is not expected: {rule}")
        for name, counts in want.items():
            if name not in have:
                wrong.append(f"rule {name} is missing")
                continue
            for key, value in counts.items():
                found = have[name].get(key)
                if key == "not_run":
                    found = found is not None
                if found != value:
                    wrong.append(f"{name}: {key} is {found}, expected {value}")
        return wrong

    def compare_diagnostics(self, stderr):
        text = self.expected("diagnostics.csv")
        if text is None:
            return []
        want = list(csv.reader(text.splitlines()))
        have = [[match[key] for key in want[0]] for match in DIAGNOSTIC.finditer(stderr)]
        wrong = difference("diagnostics", want, [want[0]] + have)
        return wrong + [stderr[:1500]] if wrong else []


def difference(what, want, have):
    if want == have:
        return []
    lines = difflib.unified_diff(
        [",".join(row) for row in want], [",".join(row) for row in have], f"expected {what}", f"actual {what}",
        lineterm="", n=1)
    return ["\n".join(list(lines)[:60])]


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="BIN")
    parser.add_argument("--cases", type=pathlib.Path, default=here / "Tests" / "Conformance")
    parser.add_argument("--pending", type=pathlib.Path, help="a list of cases that are known not to pass yet")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    try:
        options = parser.parse_args()
    except SystemExit as end:
        raise SystemExit(64 if end.code else 0)
    binary = os.path.abspath(options.binary)
    if not os.path.isfile(binary) or not os.access(binary, os.X_OK):
        print(f"{options.binary} cannot be run", file=sys.stderr)
        raise SystemExit(64)
    root = options.cases.resolve()
    folders = sorted(file.parent for file in root.rglob("case.yaml"))
    cases = [case for case in (Case(folder, root) for folder in folders) if options.only in case.name]
    # What our own program does not do yet, told apart from what it does wrongly; another binary has no such list.
    pending = set()
    if options.pending:
        lines = options.pending.read_text(encoding="utf-8").splitlines()
        pending = {line.split("#")[0].strip() for line in lines} - {""}
    failed = waiting = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case, wrong in zip(cases, pool.map(lambda case: case.run(binary), cases)):
            if case.name in pending:
                waiting += 1
                if wrong:
                    print(f"PENDING {case.name}")
                    continue
                wrong = "passes, and is no longer pending"
                waiting -= 1
            if wrong:
                failed += 1
                print(f"FAILED {case.name}\n  shows: {case.fields['shows']}")
                print("\n".join("  " + line for line in wrong.splitlines()))
    print(f"{len(cases) - failed - waiting} passed, {failed} failed")
    raise SystemExit(1 if failed or not cases else 0)


main()
