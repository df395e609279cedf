#!/usr/bin/env python3
"""Plants one-line faults, one at a time, and sees whether the tests catch them.

    scripts/mutants.py [--only TEXT] [--check] [--sample N]

The faults are listed in Tests/Mutants/*.txt, a file for each module:

    # a comment
    file Sources/RuleLanguage/Lexer.swift
    by conformance dates/            the conformance cases whose name holds the text (all, without a text)
    by fuzz rules                    five seconds of a fuzz target
    by test TypeCheckerTests         swift test --filter
    - the line as it is, without its indentation
    + what is put in its place

`file` and `by` hold until the next; `by` may be said again for each fault. A line that the file does not have exactly
once ends the run (78): the list has fallen behind the code. `- line @2` means the second of several alike.

Works in .build/mutants, a copy that is kept so that each build is a small one; the working tree stays as it is. With
--check only the lines are looked up. A fault that does not compile counts as wrong in the list, not as caught.
Exit status: 0 all caught, 1 some survived, 78 the list is wrong.
"""
import argparse
import filecmp
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / ".build" / "mutants"
LEFT_OUT = {"Tests/Conformance", "Tests/FuzzCorpus"}
MINUTES = 20


class Mutant:
    def __init__(self, place, file, by, old):
        self.place, self.file, self.by, self.old, self.new = place, file, by, old, None

    def text(self):
        """The file with the fault in it."""
        lines = (ROOT / self.file).read_text(encoding="utf-8").splitlines(keepends=True)
        wanted, which = re.fullmatch(r"(.*?)(?: @(\d+))?", self.old).groups()
        places = [number for number, line in enumerate(lines) if line.strip() == wanted]
        if which is None and len(places) != 1 or which is not None and len(places) < int(which):
            raise LookupError(f"{self.place}: {self.file} has {len(places)} lines '{wanted}'")
        place = places[int(which or 1) - 1]
        indentation = lines[place][:len(lines[place]) - len(lines[place].lstrip())]
        lines[place] = f"{indentation}{self.new}\n"
        return "".join(lines)


def read(folder):
    mutants = []
    for path in sorted(folder.glob("*.txt")):
        file = by = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            place = f"{path.name}:{number}"
            key, _, rest = line.partition(" ")
            if key == "file":
                file = rest
            elif key == "by":
                by = rest.split(" ", 1)
            elif key == "-":
                mutants.append(Mutant(place, file, by, rest))
            elif key == "+":
                mutants[-1].new = rest
            elif line and key != "#":
                raise LookupError(f"{place}: '{line}' is not understood")
    for mutant in mutants:
        if mutant.new is None or mutant.file is None or mutant.by is None:
            raise LookupError(f"{mutant.place}: file, by, - or + is missing")
        mutant.text()
    return mutants


def synchronise():
    """Makes the copy like the working tree, touching only what differs, so that builds stay small."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "Package.swift", "Sources", "Tests"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    wanted = {name for name in listed if not any(name.startswith(out + "/") for out in LEFT_OUT) and (ROOT / name).exists()}
    if (ROOT / "Package.resolved").exists():
        wanted.add("Package.resolved")
    for name in wanted:
        copy = TREE / name
        if not copy.exists() or not filecmp.cmp(ROOT / name, copy, shallow=False):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy)
    for top in ("Sources", "Tests"):
        for copy in (TREE / top).rglob("*"):
            if copy.is_file() and str(copy.relative_to(TREE)) not in wanted:
                copy.unlink()


def run(command, folder=TREE):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=MINUTES * 60)


def build(by):
    if by[0] == "test":
        return run(["swift", "build", "--build-tests"])
    return run(["swift", "build", "--product", {"conformance": "sitong", "fuzz": "Fuzz"}[by[0]]])


def catch(by):
    """The tests' run; not 0 when they fail."""
    rest = by[1] if len(by) > 1 else ""
    if by[0] == "conformance":
        return run([str(ROOT / "scripts/conformance.py"), str(TREE / ".build/debug/sitong"), "--only", rest], ROOT)
    if by[0] == "fuzz":
        return run([str(ROOT / "scripts/fuzz.sh"), str(TREE / ".build/debug/Fuzz"), "5", "1", rest], ROOT)
    return run(["swift", "test", "--skip-build", "--filter", rest])


def failures(by, result):
    """What failed, so that what fails without any fault is not held to its credit."""
    if by[0] == "conformance":
        return set(re.findall(r"^FAILED (\S+)", result.stdout, re.M))
    return {"failed"} if result.returncode else set()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="faults whose file holds this text")
    parser.add_argument("--sample", type=int, help="so many of them, evenly chosen")
    parser.add_argument("--check", action="store_true", help="only look up the lines")
    options = parser.parse_args()
    try:
        mutants = [mutant for mutant in read(ROOT / "Tests" / "Mutants") if options.only in mutant.file]
    except LookupError as error:
        print(error, file=sys.stderr)
        raise SystemExit(78)
    if options.check:
        print(f"{len(mutants)} mutants, every line found")
        return
    if options.sample:
        mutants = sorted(random.Random(1).sample(mutants, min(options.sample, len(mutants))), key=lambda one: one.place)
    os.environ["SWIFT_BACKTRACE"] = "enable=no"
    synchronise()
    usual = {}
    for by in {tuple(mutant.by): mutant.by for mutant in mutants}.values():
        built = build(by)
        if built.returncode:
            raise SystemExit("the working tree does not build:\n" + (built.stdout + built.stderr)[-3000:])
        usual[tuple(by)] = failures(by, catch(by))
    caught, survived, wrong = 0, [], []
    for mutant in mutants:
        begin = time.monotonic()
        file = TREE / mutant.file
        file.write_text(mutant.text(), encoding="utf-8")
        try:
            built = build(mutant.by)
            if built.returncode:
                verdict = "DOES NOT COMPILE"
                wrong.append(mutant)
            else:
                try:
                    found = failures(mutant.by, catch(mutant.by)) - usual[tuple(mutant.by)]
                except subprocess.TimeoutExpired:
                    found = {"no end"}
                verdict = "caught by " + sorted(found)[0] if found else "SURVIVED"
                caught += bool(found)
                if not found:
                    survived.append(mutant)
        finally:
            shutil.copyfile(ROOT / mutant.file, file)
        print(f"{verdict}  ({mutant.place}, {time.monotonic() - begin:.0f} s)  {mutant.new}", flush=True)
    for mutant in survived:
        print(f"survived: {mutant.file}: {mutant.old} → {mutant.new}")
    print(f"{caught} caught, {len(survived)} survived, {len(wrong)} do not compile")
    raise SystemExit(78 if wrong else 1 if survived else 0)


main()
