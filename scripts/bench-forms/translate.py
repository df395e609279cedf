"""The shipped forms as SQL of a peer engine: what a data engineer would write by hand, made from the same files.

Only what the forms use of the rule language is known here. The text of every statement is written beside the results.
"""
import csv
import pathlib
import re

import yaml

HOME = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = HOME / "Schemas"
TOKEN = re.compile(r"\s*('(?:[^']|'')*'|<=|>=|<>|[()=<>,+-]|\d+|[\w一-鿿]+)")


def load():
    """Forms by name, filters by name, columns by title, and the codes below each code of a list."""
    def documents(folder):
        for path in sorted((SCHEMAS / folder).glob("*.yaml")):
            yield from yaml.load_all(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    forms, filters = {}, {}
    for document in documents("forms"):
        if "form" in document:
            forms[document["form"]] = document
        for item in document.get("let", []):
            filters[item["name"]] = item["expr"]
    table = next(d for d in documents("tables") if d.get("table") == "anjian")
    columns = {c["title"]: c for c in table["columns"]}
    columns |= {c["name"]: c for c in table["columns"]}
    return forms, filters, columns, Trees()


class Trees:
    """Which codes lie below a code, in the two trees that the forms speak of."""

    def __init__(self):
        self.parents = {}
        for name, key, parent, file in [("ajlx", "dm", "sj", "ajlx.csv"), ("ay", "dm", "sj", "ay.csv")]:
            with open(SCHEMAS / "codes" / file, encoding="utf-8") as lines:
                self.parents[name] = {row[key]: row[parent] or None for row in csv.DictReader(lines)}
        with open(SCHEMAS / "codes/ay.csv", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        for name, family in [("ay-civil", "民事"), ("ay-criminal", "刑事")]:
            self.parents[name] = {r["dm"]: r["sj"] or None for r in rows if r["lb"] == family}

    def above(self, tree, code):
        while code:
            yield code
            code = self.parents[tree].get(code)

    def below(self, tree, root):
        return [code for code in self.parents[tree] if root in self.above(tree, code)]


class Expression:
    """One expression as SQL. `columns_read` tells which columns it read, `speaks_of_period` whether it is of a period."""

    def __init__(self, text, world, period):
        self.forms, self.filters, self.columns, self.trees = world
        self.period = period
        self.columns_read = set()
        self.speaks_of_period = False
        self.tokens = TOKEN.findall(text)
        self.sql = self.either()
        assert not self.tokens, (text, self.tokens)

    def peek(self, *words):
        return bool(self.tokens) and self.tokens[0] in words

    def take(self, *words):
        assert not words or self.peek(*words), (words, self.tokens[:5])
        return self.tokens.pop(0)

    def either(self):
        parts = [self.both()]
        while self.peek("或"):
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"

    def both(self):
        parts = [self.negation()]
        while self.peek("且"):
            self.take()
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else "(" + " AND ".join(parts) + ")"

    def negation(self):
        if self.peek("非"):
            self.take()
            return f"(NOT {self.negation()})"
        return self.comparison()

    def comparison(self):
        left = self.primary()
        if self.peek("=", "<>", "<", "<=", ">", ">="):
            return f"{left} {self.take()} {self.primary()}"
        if self.peek("为空"):
            self.take()
            return f"{left} IS NULL"
        if self.peek("属于"):
            self.take()
            if self.peek("本期"):
                self.take()
                self.speaks_of_period = True
                return f"{left} BETWEEN {self.period[0]} AND {self.period[1]}"
            if self.peek("码表"):
                self.take()
                tree = self.take()
                self.take("之下")
                codes = self.trees.below(tree, self.take()[1:-1])
                return f"{left} IN ({', '.join(repr(c) for c in codes)})"
            self.take("(")
            codes = [self.take()]
            while self.peek(","):
                self.take()
                codes.append(self.take())
            self.take(")")
            return f"{left} IN ({', '.join(codes)})"
        return left

    def primary(self):
        token = self.take()
        if token == "(":
            inside = self.either()
            self.take(")")
            return f"({inside})"
        if token == "true":
            return "true"
        if token in ("期初", "期末"):
            self.speaks_of_period = True
            return self.period[token == "期末"]
        if token == "有值":
            self.take("(")
            name = self.take()
            self.take(")")
            column = self.column(name)
            is_text = self.columns[name]["type"].startswith(("code", "text"))
            return f"({column} IS NOT NULL AND {column} <> '')" if is_text else f"{column} IS NOT NULL"
        if token in ("addmonths", "days"):
            self.take("(")
            first = self.primary()
            self.take(",")
            second = self.primary()
            self.take(")")
            return f"CAST({first} + INTERVAL '{second}' MONTH AS DATE)" if token == "addmonths" else f"({second} - {first})"
        if token[0] == "'" or token.isdigit():
            return token
        if token in self.filters:
            outer, self.tokens = self.tokens, TOKEN.findall(self.filters[token])
            inside = self.either()
            assert not self.tokens
            self.tokens = outer
            return f"({inside})"
        return self.column(token)

    def column(self, name):
        column = self.columns[name]["name"]
        self.columns_read.add(column)
        return column


def period(label):
    """First and last day of a month or a year, as SQL."""
    if len(label) == 4:
        return f"DATE '{label}-01-01'", f"DATE '{label}-12-31'"
    year, month = map(int, label.split("-"))
    last = [31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    return f"DATE '{label}-01'", f"DATE '{label}-{last}'"


class FormSQL:
    """A form for some periods: its cells, and the SQL of their parts."""

    def __init__(self, form, world, labels):
        self.name = form["form"]
        self.world = world
        self.labels = labels
        plain = self.expression(form["scope"])
        self.scope = plain.sql
        self.columns = []  # (period, code, condition, amount)
        for label in labels:
            for column in form["columns"]:
                if "ratio" in column:
                    continue
                text = column.get("count") or column.get("when", "true")
                amount = self.expression(column["sum"], label).sql if "sum" in column else None
                self.columns.append((label, column["code"], self.expression(text, label).sql, amount))
        self.rows = []  # (code, condition, columns it reads)
        self.each = None
        for row in form["rows"]:
            if "each" in row:
                self.each = row["of"]
            else:
                expression = self.expression(row["when"])
                self.rows.append((row["code"], expression.sql, expression.columns_read))
        self.gates = [c[2] for c in self.columns]

    def expression(self, text, label=None):
        return Expression(text, self.world, period(label or self.labels[0]))

    @property
    def amounts(self):
        return sorted({c[3] for c in self.columns if c[3]})

    def statement(self, source="live", postgres=False):
        """The form's cells as rows (court, row, values of all columns), and what its values are.

        Cases are first added up by court and by what tells rows apart; which rows a combination of these belongs to is
        found once for each combination. That is many times faster here than a filtered aggregate for each cell.
        """
        reads = set().union(*(row[2] for row in self.rows)) | ({"ay"} if self.each else set())
        keys = {name: name for name in sorted(reads & {"ajlx", "ay", "sycx", "jafs"})}
        tests = []
        for code, condition, read in self.rows:
            if read <= set(keys):
                tests.append((code, condition))
            else:
                name = next((n for n, c in keys.items() if c == f"({condition})"), f"r{len(keys)}")
                keys[name] = f"({condition})"
                tests.append((code, name))
        values = []
        for number, (_, _, condition, amount) in enumerate(self.columns):
            value = f"sum({amount})" if amount else "count(*)"
            values.append(f"coalesce({value} FILTER (WHERE {condition}), 0) AS v{number}")
        names = list(keys)
        if postgres:  # It joins by hashes only what is compared with `=`.
            same = " AND ".join(f"coalesce(g.{n}::text, '') = coalesce(m.{n}::text, '')" for n in names) or "true"
        else:
            same = " AND ".join(f"g.{n} IS NOT DISTINCT FROM m.{n}" for n in names) or "true"
        chosen = "".join(f"{n}, " for n in names)
        rows = ", ".join(f"CASE WHEN {test} THEN '{code}' END" for code, test in tests)
        several = f"ARRAY[{rows}]" if postgres else f"[{rows}]"
        map_of = (f"SELECT {chosen}unnest({several}) AS line\n  FROM (SELECT DISTINCT {', '.join(names) or '1 AS one'} "
                  "FROM grouped) d")
        if self.each:
            map_of += (f"\n  UNION ALL SELECT {chosen}above FROM (SELECT DISTINCT {', '.join(names)} FROM grouped) d"
                       f" JOIN above_{self.each.replace('-', '_')} USING (ay)")
        listed = "".join(f", {c} AS {n}" for n, c in keys.items())
        newline = ",\n    "
        return (
            f"WITH grouped AS MATERIALIZED (\n  SELECT fydm{listed},\n    {newline.join(values)}\n  FROM {source}\n"
            f"  WHERE {self.scope}\n  GROUP BY fydm{''.join(', ' + c for c in keys.values())}),\n"
            f"lines AS (\n  {map_of})\nSELECT fydm, line,\n  "
            + ",\n  ".join(f"sum(v{n}) AS v{n}" for n in range(len(values)))
            + f"\nFROM grouped g JOIN lines m ON {same}\nWHERE line IS NOT NULL\nGROUP BY fydm, line")
