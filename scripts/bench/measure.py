"""Runs a program and says what the kernel says it cost."""

import dataclasses
import os
import subprocess
import time


@dataclasses.dataclass
class Use:
    """What one run cost, its whole process tree included."""

    cpu: float  # user + system, seconds
    wall: float  # seconds
    peak_mb: float  # resident memory at its highest; of the largest process of the tree
    status: int
    output: str


def run(command, log=None, environment=None):
    """Runs the command to its end; what it says on stderr goes to `log`, or nowhere."""
    with open(log or os.devnull, "wb") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
        )
        with process.stdout as pipe:
            output = pipe.read()
        # wait4 and not wait: its figures are of this child and of those that it waited for, and of no other.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    return Use(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=wall,
        peak_mb=usage.ru_maxrss * 1024 / 1e6,
        status=process.returncode,
        output=output.decode("utf-8", "replace"),
    )
