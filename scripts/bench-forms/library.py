"""All shipped forms over the cases of a library: ours by both engines beside pre-aggregated SQL, in turn.

    library.py FOLDER SITONG PERIOD,PERIOD PAIRS

FOLDER holds the anjian.csv that cases.py made. The library is a private cluster in a temporary folder, removed at the end;
the cases are copied into its table. CPU is that of client and server together. The SQL (peer.sql beside the results) first
keeps the cases that some column counts, then counts each form over groups. Ours stores all figures, own and rolled up, of
every court; the peer stores its courts' own that are not nought.
"""
import csv
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import translate

COLUMNS = ["fydm", "ajlx", "ay", "sycx", "jafs", "larq", "jarq", "sxjmrq", "qsbdje", "jabdje"]


def peer(forms, trees):
    """The statements of the peer, as one script."""
    gates = sorted({gate for form in forms for gate in form.gates})
    texts = ["DROP SCHEMA IF EXISTS peer CASCADE", "CREATE SCHEMA peer", "SET search_path = peer, public",
             f"CREATE TEMP TABLE live AS SELECT {', '.join(COLUMNS)}\nFROM public.anjian\nWHERE " + "\n  OR ".join(gates)]
    for tree in sorted({form.each for form in forms if form.each}):
        pairs = [(code, above) for code in trees.parents[tree] for above in trees.above(tree, code)
                 if above in trees.parents[tree]]
        texts.append(f"CREATE TEMP TABLE above_{tree.replace('-', '_')} AS SELECT * FROM (VALUES "
                     + ", ".join(f"('{a}', '{b}')" for a, b in pairs) + ") t(ay, above)")
    texts.append("ANALYZE")
    texts += [f"CREATE UNLOGGED TABLE {form.name} AS\n{form.statement(postgres=True)}" for form in forms]
    return ";\n\n".join(texts) + ";\n"


class Library:
    def __init__(self, sitong, folder):
        self.sitong, self.place = sitong, f"{folder}/library"
        self.run("library", "init", "--embedded", self.place)
        self.run("library", "start")
        self.url = self.run("library", "url").strip()
        self.server = int(pathlib.Path(self.place, "data/postmaster.pid").read_text().split()[0])

    def run(self, *arguments):
        where = [] if "--embedded" in arguments else ["--library", self.place]
        return subprocess.run([self.sitong, *arguments, *where], check=True, capture_output=True, text=True).stdout

    def sql(self, *arguments):
        command = ["psql", self.url, "-XqAt", "-v", "ON_ERROR_STOP=1", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def load(self, path):
        self.run("schema", "apply", "--schemas", "Schemas")
        with open(path, encoding="utf-8") as file:
            columns = ", ".join(next(csv.reader(file)))
        self.sql("-c", "ALTER TABLE anjian ALTER sitong_batch SET DEFAULT 0",
                 "-c", f"\\copy anjian ({columns}) FROM '{path}' (FORMAT csv, HEADER)", "-c", "VACUUM (FREEZE, ANALYZE)")

    def cpu(self):
        """Of all sessions that have ended; the last one needs a moment to."""
        time.sleep(0.5)
        fields = pathlib.Path(f"/proc/{self.server}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def measured(library, command):
    server, begin = library.cpu(), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}: {errors.decode()[-2000:]}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, library.cpu() - server


def main():
    folder, sitong, labels, pairs = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), int(sys.argv[4])
    world = translate.load()
    forms = [translate.FormSQL(form, world, labels) for form in world[0].values()]
    (folder / "peer.sql").write_text(peer(forms, world[3]), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="sitong-bench-") as scratch:
        os.chmod(scratch, 0o755)
        library = Library(sitong, scratch)
        try:
            library.load(folder / "anjian.csv")
            ours = [sitong, "forms", "compute", "--schemas", "Schemas", "--period", labels[0], "--library", library.place,
                    "--json"]
            contestants = {
                "pre-aggregated SQL": ["psql", library.url, "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", str(folder / "peer.sql")],
                "sitong --engine native": ours,
                "sitong --engine postgres": [*ours, "--engine", "postgres"],
            }
            rounds = [{name: measured(library, command) for name, command in contestants.items()} for _ in range(pairs)]
            with open(folder / "library-peer.csv", "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["form", "court", "period", "row", "column", "own"])
                for form in forms:
                    lines = csv.reader(library.sql("--csv", "-c", f"SELECT * FROM peer.{form.name}").splitlines())
                    for record in lines:
                        for (period, column, _, _), value in zip(form.columns, record[2:]):
                            writer.writerow([form.name, record[0], period, record[1], column, value])
            library.sql("-c", "\\copy (SELECT form, court, period, row_code AS row, column_code AS column, own "
                        f"FROM sitong.figure) TO '{folder / 'library-ours.csv'}' (FORMAT csv, HEADER)")
        finally:
            library.run("library", "stop")
    print(f"{'medians':28}{'wall s':>8}{'client':>8}{'server':>8}{'CPU s':>8}{'÷ SQL':>20}")
    for name in contestants:
        uses = [each[name] for each in rounds]
        ratios = sorted(sum(each[name][1:]) / sum(each['pre-aggregated SQL'][1:]) for each in rounds)
        cells = "".join(f"{statistics.median(use[n] for use in uses):8.2f}" for n in range(3))
        print(f"{name:28}{cells}{statistics.median(sum(use[1:]) for use in uses):8.2f}"
              f"{f'{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})':>20}")


main()
