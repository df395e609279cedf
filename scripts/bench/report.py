"""The figures of a run as a table of at most 80 columns, and as JSON."""

import statistics

GOALS = {"all": ("required 4, aim 8", "DuckDB"), "rows": ("required 3.5, aim 5", "best peer of each table")}
TITLES = {"all": "all 65 rules", "rows": "the 54 row rules"}


def summarise(group, rounds):
    """Medians, and peer ÷ ours of each round: only runs of one round are compared, since the machine's speed drifts.

    `rounds` is a list of {contestant: Use}; the first contestant is ours.
    """
    everyone = list(rounds[0])
    us = everyone[0]
    lines = []
    for one in everyone:
        uses = [each[one] for each in rounds]
        line = {
            "name": one.name,
            "table": one.table or None,
            "cpu_seconds": [round(use.cpu, 3) for use in uses],
            "cpu_median": round(statistics.median(use.cpu for use in uses), 3),
            "wall_median": round(statistics.median(use.wall for use in uses), 3),
            "peak_mb": round(max(use.peak_mb for use in uses), 1),
        }
        if one is not us and not one.table:
            line["ratio"] = _ratio(each[one].cpu / each[us].cpu for each in rounds)
        lines.append(line)
    summary = {"group": group, "contestants": lines}
    if group == "rows":
        best = [_best(everyone, rounds, table) for table in ("anjian", "dangshiren")]
        summary["best"] = [one.name for one in best]
        summary["ratio"] = _ratio(sum(each[one].cpu for one in best) / each[us].cpu for each in rounds)
    else:
        summary["ratio"] = next(line["ratio"] for line in lines if line["name"].startswith("DuckDB"))
    return summary


def _best(everyone, rounds, table):
    of_table = [one for one in everyone if one.table == table]
    return min(of_table, key=lambda one: statistics.median(each[one].cpu for each in rounds))


def _ratio(values):
    values = sorted(values)
    return {"median": round(statistics.median(values), 2), "min": round(values[0], 2), "max": round(values[-1], 2)}


def table(summary):
    lines = [f"{TITLES[summary['group']]:<30}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'CPU of it ÷ ours':>21}"]
    for line in summary["contestants"]:
        ratio = _text(line["ratio"]) if "ratio" in line else ""
        figures = f"{line['cpu_median']:>9.2f}{line['wall_median']:>9.2f}{line['peak_mb']:>9.0f}"
        lines.append(f"  {line['name']:<28}{figures}{ratio:>21}".rstrip())
    goal, peer = GOALS[summary["group"]]
    lines.append(f"  {f'{peer} ÷ ours ({goal})':<55}{_text(summary['ratio']):>21}")
    return "\n".join(lines)


def _text(ratio):
    return f"{ratio['median']:.2f} ({ratio['min']:.2f}–{ratio['max']:.2f})"
