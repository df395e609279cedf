"""Writes conformance cases: turns an outcome for each row into the files that the runner compares with.

Outcomes are one letter a row: T true, F false, U undecided, E error; small where `when` is not true of the row.
"""
import csv
import io
import json
import pathlib
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Conformance"


def quoted(text):
    """As a YAML (and JSON) string in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def counts(outcomes):
    upper = outcomes.upper()
    return {
        "rows_in_scope": len(outcomes), "applicable": sum(letter.isupper() for letter in outcomes),
        "true": upper.count("T"), "false": upper.count("F"), "undecided": upper.count("U"), "error": upper.count("E"),
    }


def csv_text(header, rows):
    """RFC 4180; None is the unquoted empty field, '' the quoted one."""
    def cell(value):
        if value is None:
            return ""
        text = str(value)
        if text == "" or any(mark in text for mark in ",\"\r\n"):
            return '"' + text.replace('"', '""') + '"'
        return text
    return "".join(",".join(cell(value) for value in row) + "\n" for row in [header] + rows)


def table_yaml(name, columns, key=("id",), extra=""):
    lines = [f"table: {name}", f"key: [{', '.join(key)}]", "columns:"]
    lines += [f"  - {{name: {column}, type: {quoted(kind)}}}" for column, kind in columns]
    return "\n".join(lines) + "\n" + extra


def write(name, shows, definitions, data, status, arguments=None, findings=None, rules=None, diagnostics=None,
          mentions=None, verb=None):
    """One case. `definitions`, `data`: file name → text or bytes; the rest as docs/conformance.md has it."""
    folder = ROOT / name
    if folder.exists():
        shutil.rmtree(folder)
    for file, content in list({f"definitions/{key}": value for key, value in definitions.items()}.items()) + list(data.items()):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    if arguments is None:
        tables = " ".join(f"--table {file.split('.')[0]}={file}" for file in data)
        arguments = f"--schemas definitions {tables}"
    case = f"shows: {shows}\n" + (f"verb: {verb}\n" if verb else "") + f"arguments: {arguments}\nstatus: {status}\n"
    (folder / "case.yaml").write_text(case, encoding="utf-8")
    expected = folder / "expected"
    if any(part is not None for part in (findings, rules, diagnostics, mentions)):
        expected.mkdir(parents=True, exist_ok=True)
    if findings is not None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(findings)
        (expected / "findings.csv").write_text(text.getvalue(), encoding="utf-8")
    if rules is not None:
        lines = [f"  {quoted(key)}: {json.dumps(value)}" for key, value in rules.items()]
        (expected / "rules.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    if diagnostics is not None:
        # Where the page does not say which word is at fault, a case names only the line, or only the file.
        parts = diagnostics[0].count(",")
        header = {3: "file,line,column,code", 2: "file,line,code", 1: "file,code"}[parts]
        text = header + "\n" + "".join(f"{row}\n" for row in diagnostics)
        (expected / "diagnostics.csv").write_text(text, encoding="utf-8")
    if mentions is not None:
        (expected / "mentions.txt").write_text("".join(f"{line}\n" for line in mentions), encoding="utf-8")


def judge(name, shows, columns, rows, rules, builtin=(), extra_definitions=None, csv_content=None, table_extra="",
          status=None, arguments=None, keys=None):
    """A case of row rules on one table `t` with the key `id`, which is added in front: 1, 2, 3 …

    `rules`: (id, what the rule says in YAML flow style without id and on, outcomes).
    `builtin`: (rule, row) of built-in findings. Severity is error throughout.
    """
    keys = keys or [str(number + 1) for number in range(len(rows))]
    yaml = "".join(f"- {{id: {rule}, on: t, {body}}}\n" for rule, body, _ in rules)
    definitions = {"t.yaml": table_yaml("t", [("id", "int")] + columns, extra=table_extra), "rules.yaml": yaml}
    definitions.update(extra_definitions or {})
    if csv_content is None:
        csv_content = csv_text(["id"] + [column for column, _ in columns], [[key] + list(row) for key, row in zip(keys, rows)])
    found = [["rule", "severity", "table", "key", "row"]]
    for rule, _, outcomes in rules:
        assert len(outcomes) == len(rows), (name, rule, outcomes)
        found += [[rule, "error", "t", keys[row], row + 1] for row, letter in enumerate(outcomes) if letter in "Ff"]
    found += [[rule, "error", "t", keys[row - 1], row] for rule, row in builtin]
    expected = {rule: counts(outcomes) for rule, _, outcomes in rules}
    for rule in dict.fromkeys(rule for rule, _ in builtin):
        expected[rule] = {"false": sum(other == rule for other, _ in builtin)}
    write(name, shows, definitions, {"t.csv": csv_content}, (1 if len(found) > 1 else 0) if status is None else status,
          arguments=arguments, findings=found, rules=expected)
