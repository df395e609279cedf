#!/usr/bin/env python3
"""Plants one-line faults, one at a time, and sees whether the tests catch them.

    scripts/mutants.py [--only TEXT]… [--check] [--sample N]

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

Works in .build/mutants, a copy that is kept so that each build is a small one; the working tree stays as it is. Most
faults are planted together in one build, each behind a question for the number in SITONG_MUTANT, so that they are built
once; what cannot be written so is planted and built alone. With --check only the lines are looked up. A fault that does
not compile counts as wrong in the list, not as caught.
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

import faultline

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / ".build" / "mutants"
LEFT_OUT = {"Tests/Conformance", "Tests/FuzzCorpus"}
# What the tests read, too.
FOLDERS = ("Sources", "Tests", "Schemas", "Fixtures", "Pipelines")
MINUTES = 20


class Mutant:
    def __init__(self, place, file, by, old):
        self.place, self.file, self.by, self.old, self.new = place, file, by, old, None

    def plant(self, lines, chosen=None):
        """Puts the fault, or what is chosen in its place, into the lines of its file; the line's index."""
        wanted, which = self.wanted()
        places = [number for number, line in enumerate(lines) if line.strip() == wanted]
        if which is None and len(places) != 1 or which is not None and len(places) < int(which):
            raise LookupError(f"{self.place}: {self.file} has {len(places)} lines '{wanted}'")
        place = places[int(which or 1) - 1]
        indentation = lines[place][:len(lines[place]) - len(lines[place].lstrip())]
        lines[place] = f"{indentation}{chosen or self.new}\n"
        return place

    def wanted(self):
        return re.fullmatch(r"(.*?)(?: @(\d+))?", self.old).groups()

    def text(self):
        """The file with the fault in it."""
        lines = (ROOT / self.file).read_text(encoding="utf-8").splitlines(keepends=True)
        self.plant(lines)
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
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "Package.swift", *FOLDERS],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    wanted = {name for name in listed if not any(name.startswith(out + "/") for out in LEFT_OUT) and (ROOT / name).exists()}
    if (ROOT / "Package.resolved").exists():
        wanted.add("Package.resolved")
    for name in wanted:
        copy = TREE / name
        if not copy.exists() or not filecmp.cmp(ROOT / name, copy, shallow=False):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy)
    for top in FOLDERS:
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


def plant_together(mutants):
    """Writes each file with all faults that can be asked for, and gives them by file with their line numbers."""
    planted = {}
    for file in {mutant.file for mutant in mutants}:
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines(keepends=True)
        is_c = not file.endswith(".swift")
        # The later of alike lines first: `@2` counts those that are still there.
        for mutant in sorted((one for one in mutants if one.file == file), key=lambda one: one.wanted()[1] or "", reverse=True):
            choice = faultline.choice(mutant.wanted()[0], mutant.new, mutant.number, is_c)
            if choice:
                planted.setdefault(file, {})[mutant.plant(lines, choice)] = mutant
        if file in planted:
            if is_c:
                before = faultline.C_QUESTION.splitlines(keepends=True)
                lines = before + lines
                planted[file] = {line + len(before): mutant for line, mutant in planted[file].items()}
            else:
                lines.append(faultline.SWIFT_QUESTION)
            (TREE / file).write_text("".join(lines), encoding="utf-8")
    return planted


def build_together(mutants):
    """Plants and builds until all that remains compiles; the mutants that do."""
    chosen = list(mutants)
    while True:
        planted = plant_together(chosen)
        chosen = [mutant for lines in planted.values() for mutant in lines.values()]
        results = [build(by) for by in {mutant.by[0]: mutant.by for mutant in chosen}.values()]
        output = "".join(one.stdout + one.stderr for one in results)
        if not any(one.returncode for one in results):
            return chosen
        refused = set()
        for file, line in re.findall(r"^(\S+?):(\d+):\d+: error:", output, re.M):
            lines = planted.get(str(pathlib.Path(file).relative_to(TREE)) if file.startswith(str(TREE)) else file)
            if lines:
                refused.add(lines[min(lines, key=lambda place: abs(place + 1 - int(line)))])
        if not refused:
            raise SystemExit("the faults do not build together:\n" + output[-3000:])
        print(f"{len(refused)} of {len(chosen)} faults cannot be built together with the others", flush=True)
        restore(refused)
        chosen = [mutant for mutant in chosen if mutant not in refused]


def restore(mutants):
    for file in {mutant.file for mutant in mutants}:
        shutil.copyfile(ROOT / file, TREE / file)


def verdict(mutant, usual):
    try:
        found = failures(mutant.by, catch(mutant.by)) - usual[tuple(mutant.by)]
    except subprocess.TimeoutExpired:
        found = {"no end"}
    return f"caught by {sorted(found)[0]}" if found else "SURVIVED"


def alone(mutant, usual):
    (TREE / mutant.file).write_text(mutant.text(), encoding="utf-8")
    try:
        return "DOES NOT COMPILE" if build(mutant.by).returncode else verdict(mutant, usual)
    finally:
        restore([mutant])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", help="faults whose file, or place in the list (Kernels.txt:12), holds this text")
    parser.add_argument("--sample", type=int, help="so many of them, evenly chosen")
    parser.add_argument("--check", action="store_true", help="only look up the lines")
    options = parser.parse_args()
    try:
        mutants = [mutant for mutant in read(ROOT / "Tests" / "Mutants")
                   if any(text in mutant.file or mutant.place.endswith(text) for text in options.only or [""])]
    except LookupError as error:
        print(error, file=sys.stderr)
        raise SystemExit(78)
    if options.check:
        print(f"{len(mutants)} mutants, every line found")
        return
    for number, mutant in enumerate(mutants, 1):
        mutant.number = number
    if options.sample:
        mutants = sorted(random.Random(1).sample(mutants, min(options.sample, len(mutants))), key=lambda one: one.place)
    os.environ["SWIFT_BACKTRACE"] = "enable=no"
    synchronise()
    together = build_together(mutants)
    print(f"{len(together)} faults in one build, {len(mutants) - len(together)} alone", flush=True)
    # What fails while no fault is asked for.
    usual = {by: failures(by, catch(by)) for by in {tuple(mutant.by) for mutant in mutants}}
    for by in [by for by, found in usual.items() if by[0] == "test" and found]:
        print(f"{' '.join(by)} fails without any fault, and cannot tell one", file=sys.stderr)
        raise SystemExit(78)
    verdicts = {}

    def judge(mutant, how):
        begin = time.monotonic()
        verdicts[mutant] = how(mutant, usual)
        print(f"{verdicts[mutant]}  ({mutant.place}, {time.monotonic() - begin:.0f} s)  {mutant.new}", flush=True)

    for mutant in together:
        os.environ["SITONG_MUTANT"] = str(mutant.number)
        judge(mutant, verdict)
    os.environ.pop("SITONG_MUTANT", None)
    restore(together)
    for mutant in mutants:
        if mutant not in verdicts:
            judge(mutant, alone)
    survived = [mutant for mutant in mutants if verdicts[mutant] == "SURVIVED"]
    wrong = [mutant for mutant in mutants if verdicts[mutant] == "DOES NOT COMPILE"]
    for mutant in survived:
        print(f"survived: {mutant.file}: {mutant.old} → {mutant.new}")
    print(f"{len(mutants) - len(survived) - len(wrong)} caught, {len(survived)} survived, {len(wrong)} do not compile")
    raise SystemExit(78 if wrong else 1 if survived else 0)


if __name__ == "__main__":
    main()
