"""`make bench`: workload W1, judged by sitong and by its peers in turn.

Figures are CPU seconds (user + system of the whole process, the start of its interpreter included) and ratios are of
runs of the same round, since wall times on a shared machine drift. The peers count only; ours also writes row and key of
every violation. Ends with 1 when any count, row or key of anyone differs from the truth that the generator wrote.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import sys
import tempfile

import machine
import measure
import profiling
import report
from contestants import contestants, ours
from workload import RULES, TABLES, Workload

MEMORY_LIMIT_MB = 600
VERSION_LIMIT_MS = 20


def main():
    options = arguments()
    workload = Workload(options.rows, options.build / "bench-data")
    workload.prepare()
    results = {
        "format": "sitong-bench/1",
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.description(),
        "workload": {"cases": workload.rows, "parties": workload.row_count("dangshiren"), "mb": workload.megabytes},
        "pairs": options.pairs,
    }
    print(heading(results))
    faults = []
    with tempfile.TemporaryDirectory(prefix="sitong-bench-") as scratch:
        scratch = pathlib.Path(scratch)
        everyone = contestants(options.binary, workload, scratch, options.groups)
        rounds = run_rounds(everyone, options.pairs, workload, scratch, faults)
        results["groups"] = []
        for group in options.groups:
            summary = report.summarise(group, [pick(each, group) for each in rounds])
            results["groups"].append(summary)
            print("\n" + report.table(summary))
        results |= start_and_memory(options, workload, rounds, scratch, faults)
        if options.profile:
            results["profile"] = profiling.profile(everyone[0].command, workload, scratch)
            print(f"\nwhere the time of {everyone[0].name} goes\n{results['profile']}")
    results["faults"] = faults
    write(results, options.build / "bench-results")
    print_verdict(faults, workload, options.groups)
    return 1 if faults else 0


def arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000, help="cases; 2.4 times as many parties come with them")
    parser.add_argument("--pairs", type=int, default=5, help="rounds of all contestants, one after the other")
    parser.add_argument("--groups", type=lambda text: text.split(","), default=["all", "rows"], help="all,rows")
    parser.add_argument("--binary", default=".build/release/sitong")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build"), help="where data and results go")
    parser.add_argument("--profile", action="store_true", help="also say where the time of ours goes")
    parser.add_argument("--tenfold", action="store_true", help="also the peak memory of ours at ten times the rows")
    options = parser.parse_args()
    if options.rows < 1 or options.pairs < 1 or not set(options.groups) <= {"all", "rows"}:
        parser.error("--rows and --pairs are at least 1, --groups are of all and rows")
    return options


def run_rounds(everyone, pairs, workload, scratch, faults):
    """[{contestant: Use}]: A B C A B C …, each answer judged after its run."""
    for table in TABLES:  # Nobody pays for the first read from the disk.
        with open(workload.file(table), "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass
    rounds = []
    for number in range(pairs):
        uses = {}
        for one in everyone:
            log = scratch / "log"
            uses[one] = measure.run(one.command, log)
            wrong = one.faults(uses[one])
            if wrong:
                faults += [f"{one.name} ({one.group}), round {number + 1}: {fault}" for fault in wrong]
                sys.stderr.write(log.read_text(errors="replace")[-2000:])
            if sys.stderr.isatty():
                print(f"round {number + 1}: {one.name}  {uses[one].cpu:.2f} s", file=sys.stderr)
        rounds.append(uses)
    return rounds


def pick(uses, group):
    return {one: use for one, use in uses.items() if one.group == group}


def start_and_memory(options, workload, rounds, scratch, faults):
    version = [measure.run([options.binary, "--version"]) for _ in range(20)]
    milliseconds = round(statistics.median(use.wall for use in version) * 1000, 1)
    us = next(iter(rounds[0]))
    peak = max(each[us].peak_mb for each in rounds)
    print(f"\nsitong --version: {milliseconds} ms, median of 20 (required ≤ {VERSION_LIMIT_MS})")
    print(f"sitong's peak memory: {peak:.0f} MB (required ≤ {MEMORY_LIMIT_MB})")
    figures = {"version_ms": milliseconds, "peak_mb": round(peak, 1)}
    if options.tenfold:
        large = Workload(options.rows * 10, options.build / "bench-data")
        large.prepare()
        run = ours(options.binary, large, scratch, "all", RULES)
        use = measure.run(run.command)
        faults += [f"at ten times the rows: {fault}" for fault in run.faults(use)]
        print(f"  at ten times the rows: {use.peak_mb:.0f} MB, {use.cpu:.1f} CPU s")
        figures["tenfold"] = {"peak_mb": round(use.peak_mb, 1), "cpu_seconds": round(use.cpu, 2)}
    return figures


def heading(results):
    about, size = results["machine"], results["workload"]
    return (
        f"W1: {size['cases']:,} cases, {size['parties']:,} parties, {size['mb']:,.0f} MB; {results['pairs']} rounds\n"
        f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, load {about['load']}\n"
        f"{about['system']}; sitong {about['commit']}, DuckDB {about['peers']['duckdb']}, "
        f"Polars {about['peers']['polars']}\n"
        f"CPU s and wall s are medians, ratios are of each round: median (least–most)"
    )


def write(results, folder):
    folder.mkdir(parents=True, exist_ok=True)
    stem = results["time"].replace(":", "").replace("+0000", "Z")
    path = folder / f"{stem}-{results['workload']['cases']}.json"
    path.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten to {path}")


def print_verdict(faults, workload, groups):
    if not faults:
        violations = sum(len(rows) for rows in workload.truth.values())
        print(f"right: all counts; of ours every row and key of the violations ({violations:,} of all 65 rules)")
        return
    print(f"WRONG: {len(faults)} differences from the truth", file=sys.stderr)
    for fault in faults[:30]:
        print(f"  {fault}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
