"""Where the time of one run of ours goes: the functions at the top, by perf, or by valgrind where perf may not count."""

import shutil
import subprocess

TOP = 25
WIDTH = 80
# valgrind runs a program about fifty times slower.
MOST_ROWS_FOR_VALGRIND = 50_000


def profile(command, workload, scratch):
    """The text to print."""
    return _perf(command, scratch) or _valgrind(command, workload, scratch)


def _perf(command, scratch):
    if not shutil.which("perf"):
        return None
    data = scratch / "perf.data"
    # cpu-clock: a virtual machine seldom lends its hardware counters.
    record = ["perf", "record", "--quiet", "--event=cpu-clock", "--freq=997", f"--output={data}", "--", *command]
    subprocess.run(record, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    report = ["perf", "report", "--stdio", "--percent-limit=0.5", "--sort=symbol", f"--input={data}"]
    text = subprocess.run(report, capture_output=True, text=True).stdout
    lines = [line.strip() for line in text.splitlines() if "%" in line and not line.startswith("#")]
    return _shorten(lines[:TOP]) or None


def _valgrind(command, workload, scratch):
    if not shutil.which("valgrind"):
        return "no profile: install perf (apt-get install linux-perf) or valgrind"
    if workload.rows > MOST_ROWS_FOR_VALGRIND:
        return f"no profile: perf does not work here, and valgrind needs N of at most {MOST_ROWS_FOR_VALGRIND}"
    data = scratch / "callgrind.out"
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={data}", *command]
    subprocess.run(tool, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = subprocess.run(["callgrind_annotate", data], capture_output=True, text=True).stdout
    lines = [line.strip() for line in text.splitlines() if "%)" in line and ":" in line]
    return _shorten(lines[:TOP])


def _shorten(lines):
    text = "\n".join(lines)
    if shutil.which("swift"):
        text = subprocess.run(
            ["swift", "demangle", "--compact", "--simplified"], input=text, capture_output=True, text=True
        ).stdout
    short = (line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in map(str.rstrip, text.splitlines()))
    return "\n".join(short)
