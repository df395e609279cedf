"""What a figure was measured on."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess

from workload import ROOT


def description():
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 1),
        "commit": _commit(),
        "python": platform.python_version(),
        "peers": {name: importlib.metadata.version(name) for name in ("duckdb", "polars")},
    }


def _field(path, name):
    file = pathlib.Path(path)
    for line in file.read_text().splitlines() if file.exists() else []:
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None


def _commit():
    git = ["git", "-C", ROOT]
    commit = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True).stdout.strip()
    return commit + ("+changes" if changed else "")
