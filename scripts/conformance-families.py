#!/usr/bin/env python3
"""Writes the families of conformance cases whose expectations are computed here, from the page and by Python's own
arithmetic, dates, regular expressions, CSV and code points: Tests/Conformance/computed/.

Run it after changing a family; what it writes is the same every time.
"""
import csv
import datetime
import io
import itertools
import random
import re
import sys
from decimal import ROUND_HALF_UP, Decimal, getcontext

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from conformance_writer import counts, judge, quoted, table_yaml, write  # noqa: E402

getcontext().prec = 200
ERROR = object()
LETTER = {True: "T", False: "F", None: "U"}


def letter(value):
    return "E" if value is ERROR else LETTER[value]


# --- Truth tables (rule-language.md §4) ---------------------------------------------------------------------------

TEXT_OF_TRUTH = {True: "true", False: "false", None: None, ERROR: "x"}
PAIRS = list(itertools.product([True, False, None, ERROR], repeat=2))


def first_of(order, operands):
    return next(value for value in order if any(operand is value for operand in operands))


def strict(function):
    """Error if an operand is error, else null if one is null."""
    def outcome(*operands):
        if any(operand is ERROR for operand in operands):
            return ERROR
        return None if any(operand is None for operand in operands) else function(*operands)
    return outcome


def choice(condition, then, otherwise):
    if condition is ERROR:
        return ERROR
    return then if condition is True else otherwise


def coalesce(left, right):
    return right if left is None else left


def truth_tables():
    tables = {
        "and": ("a and b", lambda a, b: first_of([False, ERROR, None, True], (a, b))),
        "or": ("a or b", lambda a, b: first_of([True, ERROR, None, False], (a, b))),
        "not-and": ("not (a and b)", lambda a, b: strict(lambda x: not x)(first_of([False, ERROR, None, True], (a, b)))),
        "equal": ("a = b", strict(lambda a, b: a == b)),
        "unequal": ("a <> b", strict(lambda a, b: a != b)),
        "is-null": ("(a is null) = (b is null)", lambda a, b: ERROR if ERROR in (a, b) else (a is None) == (b is None)),
        "is-not-null": ("a is not null and b is not null", lambda a, b: first_of(
            [False, ERROR, None, True], [ERROR if x is ERROR else x is not None for x in (a, b)])),
        "missing": ("missing(a) or missing(b)", lambda a, b: first_of(
            [True, ERROR, None, False], [ERROR if x is ERROR else x is None for x in (a, b)])),
        "present": ("present(a) and present(b)", lambda a, b: first_of(
            [False, ERROR, None, True], [ERROR if x is ERROR else x is not None for x in (a, b)])),
        "if": ("if a then b else not b end", lambda a, b: choice(a, b, strict(lambda x: not x)(b))),
        "if-without-else": ("if a then b end", lambda a, b: choice(a, b, None)),
        "coalesce": ("coalesce(a, b)", coalesce),
        "in": ("a in (true)", lambda a, b: strict(lambda x: x is True)(a)),
        "nested": ("(a or b) and not (a and b)", None),
    }
    for name, (text, function) in tables.items():
        if function is None:
            def function(a, b):
                either = first_of([True, ERROR, None, False], (a, b))
                both = strict(lambda x: not x)(first_of([False, ERROR, None, True], (a, b)))
                return first_of([False, ERROR, None, True], (either, both))
        outcomes = "".join(letter(function(a, b)) for a, b in PAIRS)
        builtin = [("type.t.a", row + 1) for row, (a, _) in enumerate(PAIRS) if a is ERROR]
        builtin += [("type.t.b", row + 1) for row, (_, b) in enumerate(PAIRS) if b is ERROR]
        if "b" not in re.findall(r"\b[ab]\b", text):
            # A column that no rule reads may be left undecoded; the table then has none.
            builtin = [entry for entry in builtin if entry[0] != "type.t.b"]
            judge(f"computed/truth/{name}", f"rule-language.md §4: the truth table of {text}", [("a", "bool")],
                  [[TEXT_OF_TRUTH[a]] for a, _ in PAIRS], [("R", f"check: {quoted(text)}", outcomes)], builtin)
            continue
        judge(f"computed/truth/{name}", f"rule-language.md §4: the truth table of {text}", [("a", "bool"), ("b", "bool")],
              [[TEXT_OF_TRUTH[a], TEXT_OF_TRUTH[b]] for a, b in PAIRS], [("R", f"check: {quoted(text)}", outcomes)], builtin)
    # `when A check B` is `(not A) or B`; applicable are the rows of which A is true.
    outcomes = ""
    for a, b in PAIRS:
        value = letter(first_of([True, ERROR, None, False], (strict(lambda x: not x)(a), b)))
        outcomes += value if a is True else value.lower()
    builtin = [("type.t.a", row + 1) for row, (a, _) in enumerate(PAIRS) if a is ERROR]
    builtin += [("type.t.b", row + 1) for row, (_, b) in enumerate(PAIRS) if b is ERROR]
    judge("computed/truth/when", "rule-language.md §4: 'when A check B' is '(not A) or B'", [("a", "bool"), ("b", "bool")],
          [[TEXT_OF_TRUTH[a], TEXT_OF_TRUTH[b]] for a, b in PAIRS], [("R", "when: a, check: b", outcomes)], builtin)


# --- Comparisons of every type -------------------------------------------------------------------------------------

INTS = ["0", "1", "-1", "7", "9223372036854775807", "-9223372036854775808", None]
DECS = ["0", "0.1", "-0.1", "0.10", "12345678901234567890123456789012.345678", "-99999999999999999999999999999999.999999", None]
DATES = ["0001-01-01", "1900-02-28", "20000229", "2000-02-29", "2024-12-31", "9999-12-31", None]
TIMESTAMPS = ["2024-01-01 00:00:00", "2024-01-01T00:00:00", "2024-01-01 00:00:00.000001", "2023-12-31 23:59:59.999999", None]
TEXTS = ["", "a", "A", "ab", "é", "e\u0301", "案", "案件", "\U00020000", "\uffee", " a", None]
OPERATORS = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b,
}


def timestamp(text):
    whole, _, fraction = text.replace("T", " ").partition(".")
    return datetime.datetime.fromisoformat(whole), int((fraction + "000000")[:6])


def comparisons():
    kinds = {
        "int": ("int", INTS, int), "dec": ("dec(38,6)", DECS, Decimal),
        "date": ("date", DATES, lambda text: text.replace("-", "")), "timestamp": ("timestamp", TIMESTAMPS, timestamp),
        # "Text compares by UTF-8 bytes."
        "text": ("text", TEXTS, lambda text: text.encode("utf-8")),
    }
    for kind, (type_name, values, meaning) in kinds.items():
        pairs = list(itertools.product(values, repeat=2))
        rules = []
        for number, (mark, function) in enumerate(OPERATORS.items()):
            outcomes = "".join(
                "U" if None in pair else letter(function(meaning(pair[0]), meaning(pair[1]))) for pair in pairs)
            rules.append((f"R{number}", f"check: {quoted('a ' + mark + ' b')}", outcomes))
            judge(f"computed/compare/{kind}-{['equal', 'unequal', 'less', 'at-most', 'more', 'at-least'][number]}",
                  f"rule-language.md §3: {mark} of two {kind}", [("a", type_name), ("b", type_name)],
                  [list(pair) for pair in pairs], [rules[-1]])
    ints, decs = ["0", "1", "-3", "9223372036854775807", None], ["0.0", "1.000001", "1.000000", "-3", "9223372036854775807.5", None]
    pairs = list(itertools.product(ints, decs))
    rules = [
        (f"R{number}", f"check: {quoted('a ' + mark + ' b')}", "".join(
            "U" if None in pair else letter(function(Decimal(pair[0]), Decimal(pair[1]))) for pair in pairs))
        for number, (mark, function) in enumerate(OPERATORS.items())]
    judge("computed/compare/int-with-dec", "rule-language.md §3: int and dec are one numeric family, compared exactly",
          [("a", "int"), ("b", "dec(25,6)")], [list(pair) for pair in pairs], rules)
    values = [str(value) for value in range(-2, 6)] + [None]
    rows = list(itertools.product(values, ["0", "3", None], ["2", None]))

    def both(x, y):
        return first_of([False, ERROR, None, True], (x, y))

    at_least, at_most = strict(lambda a, b: int(a) >= int(b)), strict(lambda a, b: int(a) <= int(b))
    strict_between = ["U" if None in row else letter(int(row[1]) <= int(row[0]) <= int(row[2])) for row in rows]
    judge("computed/compare/between", "rule-language.md §2, §4: between includes both ends and is null if an operand is",
          [("a", "int"), ("b", "int"), ("c", "int")], [list(row) for row in rows],
          [("R1", "check: a between b and c", "".join(strict_between)),
           ("R2", "check: a not between b and c", "".join({"T": "F", "F": "T", "U": "U"}[x] for x in strict_between)),
           ("R3", "check: a >= b and a <= c", "".join(letter(both(at_least(a, b), at_most(a, c))) for a, b, c in rows))])


# --- Values: `expression = right` is true and `expression = wrong` false --------------------------------------------

def values(name, shows, columns, rows, expression, function, result, wrong, absent="null"):
    """One case: for each row the value that Python computes stands in column `r`, another one in `w`."""
    results = [function(*row) for row in rows]
    data = [list(row) + [None if value is None else value, None if value is None else wrong(value)]
            for row, value in zip(rows, results)]
    equal = "".join("U" if value is None else "T" for value in results)
    unequal = "".join("U" if value is None else "F" for value in results)
    null = "".join("T" if value is None else "F" for value in results)
    judge(f"computed/{name}", shows, columns + [("r", result), ("w", result)], data,
          [("RIGHT", f"check: {quoted(expression + ' = r')}", equal),
           ("WRONG", f"check: {quoted(expression + ' = w')}", unequal),
           ("NULL", f"check: {quoted(expression + ' is null')}", null)])


def plus_one(value):
    return str(Decimal(value) + 1)


def number(value):
    return None if value is None else format(value, "f")


def arithmetic():
    ints = ["0", "1", "-1", "7", "-7", "9223372036854775807", "-9223372036854775808", None]
    pairs = list(itertools.product(ints, repeat=2))

    def on_ints(function):
        return lambda a, b: None if a is None or b is None else function(int(a), int(b))
    two = [("a", "int"), ("b", "int")]
    page = "rule-language.md §3"
    for name, mark, function in [("add", "+", lambda a, b: a + b), ("subtract", "-", lambda a, b: a - b),
                                 ("multiply", "*", lambda a, b: a * b)]:
        values(f"arithmetic/int-{name}", f"{page}: + - * widen, so that int {mark} int past 64 bits is exact", two, pairs,
               f"a {mark} b", on_ints(function), "dec(38,0)", plus_one)
    decs = ["0", "0.01", "-0.01", "123456789.99", "-99999999.99", None]
    pairs_of_decs = list(itertools.product(decs, repeat=2))
    decimals = [("a", "dec(11,2)"), ("b", "dec(11,2)")]
    for name, mark, function in [("add", "+", lambda a, b: a + b), ("subtract", "-", lambda a, b: a - b),
                                 ("multiply", "*", lambda a, b: a * b)]:
        values(f"arithmetic/dec-{name}", f"{page}: dec {mark} dec is exact", decimals, pairs_of_decs, f"a {mark} b",
               lambda a, b, f=function: None if None in (a, b) else number(f(Decimal(a), Decimal(b))), "dec(38,4)", plus_one)
    values("arithmetic/mod", "rule-language.md §5: mod has the sign of the dividend, NULL when b = 0", two, pairs, "mod(a, b)",
           on_ints(lambda a, b: None if b == 0 else abs(a) % abs(b) * (-1 if a < 0 else 1)), "dec(38,0)", plus_one)

    def divided(scale):
        def divide(a, b):
            if None in (a, b) or Decimal(b) == 0:
                return None
            # Exactly, on integers: the sum of digits kept by a context plays no part.
            top, bottom = Decimal(a).as_integer_ratio(), Decimal(b).as_integer_ratio()
            numerator, denominator = top[0] * bottom[1] * 10 ** scale, top[1] * bottom[0]
            negative = (numerator < 0) != (denominator < 0)
            numerator, denominator = abs(numerator), abs(denominator)
            quotient = (2 * numerator + denominator) // (2 * denominator)
            return number(Decimal(-quotient if negative else quotient).scaleb(-scale))
        return divide
    small = list(itertools.product(["0", "1", "2", "-1", "-2", "5", "-5", "100", None], ["0", "2", "-2", "3", "8", None]))
    for scale in (0, 1, 3):
        values(f"arithmetic/div-{scale}", "rule-language.md §3: div(a, b, scale), half away from zero, NULL when b = 0", two,
               small, f"div(a, b, {scale})", divided(scale), f"dec(38,{scale})", plus_one)
    one = [("a", "dec(11,4)")]
    halves = [[x] for x in ["0", "0.5", "-0.5", "1.5", "-1.5", "2.4999", "0.0050", "-0.0050", "0.0049", "1234567.8950", None]]
    for places in (0, 2):
        values(f"arithmetic/round-{places}", "rule-language.md §5: round(x,n) half away from zero", one, halves,
               f"round(a, {places})",
               lambda a: None if a is None else number(Decimal(a).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)),
               "dec(20,4)", plus_one)
    values("arithmetic/abs", "rule-language.md §5, §6: abs(-2^63) does not overflow", [("a", "int")], [[x] for x in ints],
           "abs(a)", lambda a: None if a is None else abs(int(a)), "dec(38,0)", plus_one)
    values("arithmetic/sign", "rule-language.md §5: sign", [("a", "int")], [[x] for x in ints], "sign(a)",
           lambda a: None if a is None else (int(a) > 0) - (int(a) < 0), "int", plus_one)
    values("arithmetic/negate", "rule-language.md §3: -(-2^63) widens", [("a", "int")], [[x] for x in ints], "-a",
           lambda a: None if a is None else -int(a), "dec(38,0)", plus_one)
    values("arithmetic/scalar-min", "rule-language.md §5: scalar min is NULL when an operand is", two, pairs, "min(a, b)",
           on_ints(min), "dec(38,0)", plus_one)
    values("arithmetic/scalar-max", "rule-language.md §5: scalar max is NULL when an operand is", two, pairs, "max(a, b)",
           on_ints(max), "dec(38,0)", plus_one)
    values("arithmetic/precedence", "rule-language.md §2: * before + and -, left to right", [("a", "dec(5,0)"), ("b", "dec(5,0)")], small, "a - b - 2 * a + b * b",
           on_ints(lambda a, b: a - b - 2 * a + b * b), "dec(38,0)", plus_one)


STRINGS = ["", "a", "abc", "  ab ", "案", "案件号", "e\u0301x", "é", "\U00020000\U00020001", "a\r\nb", "Ａｂ", "ABC xyz", None]


def texts():
    one, rows = [("s", "text")], [[x] for x in STRINGS]
    page = "rule-language.md §3, §5: length and positions count code points"

    def on_text(function):
        return lambda *operands: None if None in operands else function(*operands)

    def other(value):
        return value + "#"
    values("text/len", page, one, rows, "len(s)", on_text(len), "int", lambda value: value + 1)
    for length in (0, 1, 2, 100):
        values(f"text/left-{length}", page, one, rows, f"left(s, {length})", on_text(lambda s: s[:length]), "text", other)
    for length in (0, 1, 2):
        values(f"text/right-{length}", page, one, rows, f"right(s, {length})", on_text(lambda s: s[len(s) - min(length, len(s)):]),
               "text", other)
    for start, length in [(1, 1), (2, 2), (3, 0), (5, 9)]:
        values(f"text/mid-{start}-{length}", page + ", from 1", one, rows, f"mid(s, {start}, {length})",
               on_text(lambda s: s[start - 1:start - 1 + length]), "text", other)
    places = [(s, a, b) for s in ["案件号码", None] for a in ["-1", "0", "1", "2", "5", None] for b in ["-1", "0", "2", "9", None]]
    values("text/mid-of-columns", "rule-language.md §5: mid with start < 1 or length < 0 is NULL at run time",
           [("s", "text"), ("a", "int"), ("b", "int")], places, "mid(s, a, b)",
           on_text(lambda s, a, b: None if int(a) < 1 or int(b) < 0 else s[int(a) - 1:int(a) - 1 + int(b)]), "text", other)
    values("text/upper", "rule-language.md §5: upper is ASCII only", one, rows, "upper(s)",
           on_text(lambda s: "".join(x.upper() if x.isascii() else x for x in s)), "text", other)
    values("text/lower", "rule-language.md §5: lower is ASCII only", one, rows, "lower(s)",
           on_text(lambda s: "".join(x.lower() if x.isascii() else x for x in s)), "text", other)
    spaced = [[f"{a}x y{b}"] for a in ["", " ", "  ", "\t", "\u3000", "\u00a0 ", "\ufeff"] for b in ["", " ", "\u3000 ", "\r\n"]] + [[" "], ["\u3000"], [None]]
    values("text/strip", "rule-language.md §5: strip(t) removes U+0020 at both ends and nothing else", one, spaced, "strip(s)",
           on_text(lambda s: s.strip(" ")), "text", other)
    values("text/strip-cjk", "rule-language.md §5: strip(t, 'cjk') also U+3000, U+00A0, tab, CR, LF, U+FEFF", one, spaced,
           "strip(s, 'cjk')", on_text(lambda s: s.strip(" \u3000\u00a0\t\r\n\ufeff")), "text", other)
    pairs = list(itertools.product(["", "a", "案件", "\u0301", None], ["", "a", "件", "案", None]))
    two = [("a", "text"), ("b", "text")]
    values("text/concatenation", "rule-language.md §4, §5: & is NULL when an operand is", two, pairs, "a & b",
           on_text(lambda a, b: a + b), "text", other)
    for name, function in [("startswith", str.startswith), ("endswith", str.endswith), ("contains", lambda a, b: b in a)]:
        wide = list(itertools.product(["", "a", "案件号", "abcabd", "e\u0301", None], ["", "a", "案", "号", "abd", "e", "\u0301", None]))
        outcomes = "".join(letter(on_text(function)(a, b)) for a, b in wide)
        judge(f"computed/text/{name}", f"rule-language.md §5: {name}, by code points", two, [list(row) for row in wide],
              [("R", f"check: {quoted(name + '(a, b)')}", outcomes)])
    judge("computed/text/present", "rule-language.md §5: present(x): not null and, for text, not empty", one, rows,
          [("PRESENT", "check: present(s)", "".join("F" if x in (None, "") else "T" for x in STRINGS)),
           ("MISSING", "check: missing(s)", "".join("T" if x in (None, "") else "F" for x in STRINGS)),
           ("NULL", "check: s is null", "".join("T" if x is None else "F" for x in STRINGS))])


def is_day(text):
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{4})([0-9]{2})([0-9]{2})", text)
    if not match:
        return None
    try:
        return datetime.date(*[int(part) for part in match.groups() if part is not None])
    except ValueError:
        return None


def next_day(text):
    day = datetime.date.fromisoformat(text)
    return (day - datetime.timedelta(1) if day.year == 9999 else day + datetime.timedelta(1)).isoformat()


DATE_TEXTS = ["2024-02-29", "20240229", "2023-02-29", "20230230", "1900-02-29", "2000-02-29", "0001-01-01", "0000-01-01",
              "9999-12-31", "10000-01-01", "2024-13-01", "2024-00-10", "2024-01-00", "2024-1-2", "2024/01/02", " 2024-01-02",
              "2024-01-02 ", "2024-01-02x", "20240102x", "2024-0102", "202401-02", "２０２４-01-02", "", "null", None]


def days_in(year, month):
    following = datetime.date(year + month // 12, month % 12 + 1, 1) if (year, month) != (9999, 12) else None
    return 31 if following is None else (following - datetime.date(year, month, 1)).days


def add_months(text, months):
    if text is None or months is None:
        return None
    day = datetime.date.fromisoformat(text)
    index = day.year * 12 + day.month - 1 + int(months)
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        return None
    return datetime.date(year, month + 1, min(day.day, days_in(year, month + 1))).isoformat()


def dates():
    values("date/date-of-text", "rule-language.md §5: date(text) of exactly YYYY-MM-DD or YYYYMMDD that is a calendar day, else NULL",
           [("s", "text")], [[x] for x in DATE_TEXTS], "date(s)",
           lambda s: None if s is None or is_day(s) is None else is_day(s).isoformat(), "date", next_day)
    days = ["0001-01-01", "1900-02-28", "1970-01-01", "2000-02-29", "2023-12-31", "2024-03-01", "9999-12-31", None]
    one, rows = [("d", "date")], [[x] for x in days]
    for part in ("year", "month", "day"):
        values(f"date/{part}", f"rule-language.md §5: {part}", one, rows, f"{part}(d)",
               lambda d: None if d is None else getattr(datetime.date.fromisoformat(d), part), "int", plus_one)
    pairs = list(itertools.product(days, repeat=2))
    values("date/days", "rule-language.md §5: days(from, to) = to − from", [("a", "date"), ("b", "date")], pairs, "days(a, b)",
           lambda a, b: None if None in (a, b) else (datetime.date.fromisoformat(b) - datetime.date.fromisoformat(a)).days,
           "int", plus_one)
    ends = ["2024-01-31", "2023-01-31", "2024-02-29", "2023-12-30", "2000-03-31", None]
    moves = list(itertools.product(ends, ["0", "1", "-1", "11", "12", "-12", "13", "1200", None]))
    values("date/addmonths", "rule-language.md §5: addmonths clamps to the month's end", [("d", "date"), ("n", "int")], moves,
           "addmonths(d, n)", add_months, "date", next_day)
    years = list(itertools.product(ends, ["0", "1", "-1", "4", "100", None]))
    values("date/addyears", "rule-language.md §5: addyears, 29 February clamps to 28", [("d", "date"), ("n", "int")], years,
           "addyears(d, n)", lambda d, n: None if None in (d, n) else add_months(d, int(n) * 12), "date", next_day)
    moments = ["2024-02-29 23:59:59.999999", "2024-03-01 00:00:00", "0001-01-01T00:00:00", None]
    values("date/date-of-timestamp", "rule-language.md §5: date(x) of a timestamp", [("m", "timestamp")], [[x] for x in moments],
           "date(m)", lambda m: None if m is None else m[:10], "date", next_day)


def conversions():
    numbers = ["0", "-0", "1", "-1", "+1", "007", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
               "-9223372036854775809", "99999999999999999999", " 5", "5 ", "1.0", "1e3", "0x1", "１", "", "-", "--1", None]
    values("convert/int-of-text", "rule-language.md §5: int(t): -?[0-9]+ within 64 bits, else NULL", [("s", "text")],
           [[x] for x in numbers], "int(s)",
           lambda s: int(s) if s and re.fullmatch("-?[0-9]+", s) and -2**63 <= int(s) < 2**63 else None, "dec(20,0)", plus_one)
    decimals = ["0", "0.5", ".5", "5.", "-1.25", "+1", "1.250", "1.255", "12345.00", "99999.99", "-99999.99", "1e3", "1,000", " 1", "", None]

    def decimal(s):
        # A value that does not fit dec(7,2) without loss is told in a case of its own; here all that parse fit or have
        # more decimals, which the page does not speak of for dec(t,p,s).
        return number(Decimal(s)) if s and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", s) else None
    rows = [[x] for x in decimals if x != "1.255"]
    values("convert/dec-of-text", "rule-language.md §5: dec(t,p,s): -?[0-9]+(.[0-9]+)?, else NULL", [("s", "text")], rows,
           "dec(s, 7, 2)", decimal, "dec(9,2)", plus_one)


# --- Patterns (§5 matches) -------------------------------------------------------------------------------------------

PATTERNS = {
    "literal": "案件", "empty": "", "class": "[a-c]", "negated": "[^a-c一-龥]", "cjk-range": "[一-龥]+", "optional": "ab?c",
    "star": "(ab)*", "plus": "a+b", "count": "[0-9]{4}", "at-least": "a{2,}", "bounded": "a{1,3}", "alternatives": "a|ab|案",
    "groups": "(a|b)(c|d)", "escaped": "\\(a\\)\\.\\*", "escaped-in-class": "[\\]\\-]+", "large-bound": "a{0,255}",
    "case-number": "（(19|20)[0-9]{2}）[一-龥]([0-9]{4}|[0-9]{2})?[一-龥]{1,4}[1-9][0-9]{0,6}号", "nested": "((a{2}|b)+c?){1,2}",
}
SUBJECTS = ["", "a", "b", "c", "d", "ab", "abc", "ac", "abab", "aab", "aaa", "aaaa", "案", "案件", "案件案件", "2024", "2024\n", "２０２４",
            "\n2024", "ad", "bc", "(a).*", "]", "-]", "é", "e\u0301", "\U00020000", "\r\n", "a" * 255, "a" * 256,
            "（2026）豫1702民初123号", "（2026）豫1702民初0号", "(2026)豫1702民初123号", "（1899）豫民终1号", "（2026）豫民终1号 ", "aabaac", "bb", None]


def patterns():
    for name, pattern in PATTERNS.items():
        outcomes = "".join("U" if s is None else letter(re.fullmatch(pattern, s) is not None) for s in SUBJECTS)
        text = "s matches '" + pattern.replace("'", "''") + "'"
        judge(f"computed/matches/{name}", "rule-language.md §5: matches is a full match over code points", [("s", "text")],
              [[x] for x in SUBJECTS], [("R", f"check: {quoted(text)}", outcomes)])


# --- Identity numbers --------------------------------------------------------------------------------------------------

def id_check(digits):
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    return "10X98765432"[sum(weight * int(digit) for weight, digit in zip(weights, digits)) % 11]


USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc_check(body):
    total = sum(USCC.index(mark) * pow(3, place, 31) for place, mark in enumerate(body))
    return USCC[(31 - total % 31) % 31]


def identities():
    source = random.Random(18)
    rows, outcomes = [], ""
    for _ in range(40):
        body = "".join(source.choice("0123456789") for _ in range(17))
        right = id_check(body)
        wrong = source.choice([x for x in "0123456789X" if x != right])
        for text, valid in [(body + right, True), (body + wrong, False)]:
            rows.append([text])
            outcomes += letter(valid)
    for text in ["", "1" * 17, "1" * 19, "１" * 18, "11010519491231002x", " 11010519491231002X", "abcdefghijklmnopqr"]:
        rows.append([text])
        outcomes += "F"
    rows += [["11010519491231002X"], [None]]
    outcomes += "TU"
    judge("computed/identity/idcard18", "rule-language.md §5: idcard18_valid by GB 11643; false for any other text", [("s", "text")],
          rows, [("R", "check: idcard18_valid(s)", outcomes)])
    rows, outcomes = [], ""
    for _ in range(40):
        body = "".join(source.choice(USCC) for _ in range(17))
        right = uscc_check(body)
        wrong = source.choice([x for x in USCC if x != right])
        for text, valid in [(body + right, True), (body + wrong, False)]:
            rows.append([text])
            outcomes += letter(valid)
    for text in ["", "1" * 17, "I" * 18, "91350100M000100Y4", "O1350100M000100Y43", "９" * 18]:
        rows.append([text])
        outcomes += "F"
    rows += [["91350100M000100Y43"], [None]]
    outcomes += "TU"
    judge("computed/identity/uscc", "rule-language.md §5: uscc_valid by GB 32100; false for any other text", [("s", "text")],
          rows, [("R", "check: uscc_valid(s)", outcomes)])


def case_numbers():
    source = random.Random(2016)
    rows = []
    for _ in range(60):
        opening, closing = source.choice(["（）", "()", "（)", "(）"])
        year = str(source.randint(2016, 2029))
        court = source.choice(["最高法", "豫", "豫17", "京0101", "川1702", "新40"])
        kind = source.choice(["民初", "刑终", "执", "行申", "民特监", "执异"])
        sequence = str(source.randint(1, 99999))
        suffix = source.choice(["", "", "之一", "之二"])
        rows.append([f"{opening}{year}{closing}{court}{kind}{sequence}号{suffix}", year, court, kind, sequence, suffix, "2016"])
    columns = [("s", "text"), ("y", "int"), ("c", "text"), ("k", "text"), ("n", "int"), ("x", "text"), ("z", "text")]
    shows = "rule-language.md §5: caseno reads brackets of any width, year, court mark, type, number, 号, suffix"
    for part, column in [("year", "y"), ("court", "c"), ("type", "k"), ("number", "n"), ("style", "z")]:
        judge(f"computed/caseno/{part}", shows, columns, rows,
              [("R", f"check: {quoted(f'caseno(s, {chr(39)}{part}{chr(39)}) = {column}')}", "T" * len(rows)),
               ("N", f"check: {quoted(f'caseno(s, {chr(39)}{part}{chr(39)}) is null')}", "F" * len(rows))])
    with_suffix = [row for row in rows if row[5]]
    judge("computed/caseno/suffix", shows, columns, with_suffix,
          [("R", f"check: {quoted(chr(39).join(['caseno(s, ', 'suffix', ') = x']))}", "T" * len(with_suffix))])


# --- Cells as they are written in a CSV file (definitions.md) ------------------------------------------------------------

def cells():
    families = {
        "int": ("int", ["0", "-0", "1", "-1", "007", "9223372036854775807", "-9223372036854775808"],
                ["+1", "1.5", "1e3", " 1", "1 ", "９", "abc", "9223372036854775808", "-9223372036854775809", "0x10", "1,000", "-"]),
        "dec": ("dec(5,2)", ["0", "1.5", "-1.50", "999.99", "-999.99", "1.500", "1.2000000", "007.10"],
                [".5", "5.", "+1", "1e2", "1.005", "1000", "-1000.00", "1 000", "１.5", "NaN", "1,5"]),
        "date": ("date", ["2024-02-29", "20240229", "0001-01-01", "9999-12-31", "1900-01-01"],
                 ["2023-02-29", "2024-2-3", "2024/02/03", "24-02-03", "0000-01-01", "2024-02-30", "20241301", "2024-02-03 ", "2024-02-03T00:00:00", "today"]),
        "timestamp": ("timestamp", ["2024-02-29 00:00:00", "2024-02-29T23:59:59", "2024-02-29 12:00:00.1", "2024-02-29 12:00:00.123456"],
                      ["2024-02-29", "2024-02-29 24:00:00", "2024-02-29 12:60:00", "2024-02-29 12:00:00.1234567", "2024-02-29 12:00:00Z", "2024-02-29 12:00:00+08:00", "2023-02-29 12:00:00", "2024-02-29  12:00:00"]),
        "bool": ("bool", ["t", "f", "true", "false", "0", "1"], ["yes", "no", "是", "2", "tr", "-1", " t"]),
        "text-n": ("text(3)", ["", "a", "abc", "案件号", "\U00020000\U00020001\U00020002", "e\u0301x"], ["abcd", "案件号码", "e\u0301xy"]),
    }
    for name, (kind, good, bad) in families.items():
        rows = [[x] for x in good] + [[x] for x in bad] + [[None]]
        # "too long for text(n)" is a built-in finding; the row is still a text that can be judged or not: only the
        # built-in part is stated here, by a rule that reads another column.
        reads = f"check: {quoted('a is null')}" if kind != "text(3)" else "check: id > 0"
        outcomes = "F" * len(good) + "E" * len(bad) + "T" if kind != "text(3)" else "T" * len(rows)
        builtin = [("type.t.a", len(good) + 1 + place) for place in range(len(bad))]
        judge(f"computed/cells/{name}", f"definitions.md CSV: what is a value of {kind}; what is not is a finding type.t.a", [("a", kind)],
              rows, [("R", reads, outcomes), ("READS", f"check: {quoted('a is null or id > 0')}", "T" * len(rows))], builtin)


def dialects():
    source = random.Random(4180)
    alphabet = ["a", "案", ",", "\"", "\n", "\r\n", " ", ";", "\t", "'", "\\", "\U00020000"]
    rows = [["".join(source.choice(alphabet) for _ in range(source.randint(0, 6))) for _ in range(2)] for _ in range(60)]
    lengths = [[len(a), len(b)] for a, b in rows]
    header = ["id", "a", "b", "la", "lb"]
    records = [[str(number + 1)] + row + [str(length) for length in pair]
               for number, (row, pair) in enumerate(zip(rows, lengths))]
    for name, settings, flags in [
            ("all-quoted", dict(quoting=csv.QUOTE_ALL), ""), ("strings-quoted", dict(quoting=csv.QUOTE_ALL, lineterminator="\r\n"), ""),
            ("semicolon", dict(quoting=csv.QUOTE_ALL, delimiter=";"), " --delimiter ';'"),
            ("tab", dict(quoting=csv.QUOTE_ALL, delimiter="\t"), " --delimiter '\t'"),
            ("bar", dict(quoting=csv.QUOTE_ALL, delimiter="|"), " --delimiter '|'")]:
        text = io.StringIO()
        options = dict(lineterminator="\n")
        options.update(settings)
        writer = csv.writer(text, **options)
        writer.writerow(header)
        writer.writerows(records)
        judge(f"computed/dialect/{name}", "definitions.md CSV: RFC 4180, with line ends, quotes and delimiters inside quotes",
              [("a", "text"), ("b", "text"), ("la", "int"), ("lb", "int")], [record[1:] for record in records],
              [("A", "check: len(a) = la", "T" * len(rows)), ("B", "check: len(b) = lb", "T" * len(rows)),
               ("E", f"check: {quoted('a <> ' + chr(39) * 2)}", "".join("F" if row[0] == "" else "T" for row in rows))],
              csv_content=text.getvalue(), arguments="--schemas definitions --table t=t.csv" + flags)


# --- Groups and relations ------------------------------------------------------------------------------------------------

def groups():
    for seed in range(1, 5):
        source = random.Random(seed)
        rows = [[source.choice(["1", "2", "3", None]), source.choice(["x", "y", "", None])] for _ in range(40)]

        def alike(row):
            return sum(other == row for other in rows)
        unique = "".join("u" if None in row else "F" if alike(row) > 1 else "T" for row in rows)
        judge(f"computed/groups/unique-{seed}", "rule-language.md §4: unique reports all rows of a group; a NULL part makes it undecided",
              [("a", "int"), ("b", "text")], rows, [("R", "unique: [a, b]", unique)])

        def to(row):
            return {other[1] for other in rows if other[0] == row[0]}
        depends = "".join("U" if row[0] is None else "F" if len(to(row)) > 1 else "T" for row in rows)
        judge(f"computed/groups/depends-{seed}", "rule-language.md §4: depends; NULL in from is undecided, NULL in to is a value",
              [("a", "int"), ("b", "text")], rows, [("R", "depends: {from: [a], to: [b]}", depends)])


def relations():
    for seed in range(1, 7):
        source = random.Random(100 + seed)
        parents = [[str(number + 1), source.choice(["k1", "k2", "k3", "k4", None])] for number in range(12)]
        children = [[str(number + 1), source.choice(["k1", "k2", "k3", "k9", None]), source.choice(["1", "2", "-5", "40", None])]
                    for number in range(source.choice([0, 8, 15, 25]))]
        t = table_yaml("t", [("id", "int"), ("k", "text"), ("r", "int"), ("c", "int"), ("w", "int"), ("lo", "int"), ("hi", "int")],
                       extra="relations:\n  - {name: us, table: u, on: {k: k}, many: true}\n")
        u = table_yaml("u", [("id", "int"), ("k", "text"), ("v", "int")])
        rows, letters = [], {rule: "" for rule in ("COUNT", "WHERE", "EXISTS", "SUM", "MIN", "MAX")}
        for key, k in parents:
            related = [None if v is None else int(v) for _, other, v in children if k is not None and other == k]
            known = [v for v in related if v is not None]
            total = None if not related or len(known) < len(related) else sum(known)
            low, high = (min(known), max(known)) if known else (None, None)
            rows.append([key, k, total, len(related), sum(v > 1 for v in known), low, high])
            none = k is None
            letters["COUNT"] += "U" if none else "T"
            letters["WHERE"] += "U" if none else "T"
            letters["EXISTS"] += "U" if none else letter(bool(related))
            letters["SUM"] += "U" if total is None else "T"
            letters["MIN"] += "U" if low is None else "T"
            letters["MAX"] += "U" if high is None else "T"
        expressions = {"COUNT": "count(us) = c", "WHERE": "count(us where v > 1) = w", "EXISTS": "exists(us)",
                       "SUM": "sum(us.v) = r", "MIN": "min(us.v) = lo", "MAX": "max(us.v) = hi"}
        rules = "".join(f"- {{id: {rule}, on: t, check: {quoted(text)}}}\n" for rule, text in expressions.items())
        found = [["rule", "severity", "table", "key", "row"]] + [
            [rule, "error", "t", rows[place][0], place + 1] for rule in expressions
            for place, mark in enumerate(letters[rule]) if mark == "F"]

        def as_csv(header, records):
            return "".join(",".join("" if cell is None else str(cell) for cell in record) + "\n" for record in [header] + records)
        write(f"computed/relations/{seed}",
              "rule-language.md §4: a NULL key relates to nothing and is undecided; count of none is 0, sum min max of none NULL; sum with a NULL member is NULL, min max skip it",
              {"t.yaml": t, "u.yaml": u, "rules.yaml": rules},
              {"t.csv": as_csv(["id", "k", "r", "c", "w", "lo", "hi"], rows), "u.csv": as_csv(["id", "k", "v"], children)},
              1 if len(found) > 1 else 0, findings=found, rules={rule: counts(text) for rule, text in letters.items()})


# --- One rule in two languages (§2) ----------------------------------------------------------------------------------------

def wordings():
    rows = [[a, s, d] for a in ["1", "5", None] for s in ["x", "", None] for d in ["2016-01-01", "2024-05-05", None]]
    three = {"and": [False, ERROR, None, True], "or": [True, ERROR, None, False]}

    def test(function):
        return strict(lambda x: function(x))
    same = {
        "and-or-not": (["a > 1 and not d > 2020-01-01 or s = 'x'", "a > 1 且 非 d > 2020-01-01 或 s = 'x'",
                        "a ＞ １ 且 非 d ＞ ２０２０-01-01 或 s ＝ ‘x’", "a > 1 AND NOT d > 2020-01-01 OR s = 'x'"],
                       lambda a, s, d: first_of(three["or"], (first_of(three["and"], (
                           test(lambda x: int(x) > 1)(a), test(lambda x: not x > "2020-01-01")(d))), test(lambda x: x == "x")(s)))),
        "in": (["a in (1, 2)", "a 属于 (1, 2)", "a 属于 （1，2）", "a In (1, 2)"], lambda a, s, d: test(lambda x: int(x) in (1, 2))(a)),
        "not-in": (["s not in ('x', 'y')", "s 非 属于 ('x', 'y')", "s 非 属于 （‘x’，‘y’）", "not s in ('x', 'y')"],
                   lambda a, s, d: test(lambda x: x not in ("x", "y"))(s)),
        "between": (["a between 2 and 5", "a 介于 2 和 5", "a 介于 ２ 和 ５", "a BETWEEN 2 AND 5"], lambda a, s, d: test(lambda x: 2 <= int(x) <= 5)(a)),
        "null": (["a is null", "a 为空", "a 为空", "a IS NULL"], lambda a, s, d: a is None),
        "not-null": (["a is not null", "a 不为空", "a 不为空", "not a is null"], lambda a, s, d: a is not None),
        "present": (["present(s)", "有值(s)", "有值（s）", "not 缺值(s)"], lambda a, s, d: s not in (None, "")),
        "missing": (["missing(s)", "缺值(s)", "缺值（s）", "not 有值(s)"], lambda a, s, d: s in (None, "")),
        "matches": (["s matches '[a-z]+'", "s 匹配 '[a-z]+'", "s 匹配 ‘[a-z]+’", "s MATCHES '[a-z]+'"], lambda a, s, d: test(lambda x: x == "x")(s)),
        "if": (["if a > 1 then s = 'x' else d > 2020-01-01 end", "如果 a > 1 那么 s = 'x' 否则 d > 2020-01-01 结束",
                "如果 a＞１ 那么 s＝'x' 否则 d＞2020-01-01 结束", "IF a > 1 THEN s = 'x' ELSE d > 2020-01-01 END"],
               lambda a, s, d: choice(test(lambda x: int(x) > 1)(a), test(lambda x: x == "x")(s), test(lambda x: x > "2020-01-01")(d))),
        "unequal": (["a <> 5", "a != 5", "a ≠ 5", "a ＜＞ 5"], lambda a, s, d: test(lambda x: int(x) != 5)(a)),
        "at-least": (["a >= 5", "a ≥ 5", "a ＞＝ 5", "5 ≤ a"], lambda a, s, d: test(lambda x: int(x) >= 5)(a)),
        "at-most": (["d <= 2016-01-01", "d ≤ 2016-01-01", "d ＜＝ 2016-01-01", "2016-01-01 ≥ d"], lambda a, s, d: test(lambda x: x <= "2016-01-01")(d)),
        "constants": (["(a = 1) = true and (a is null) <> true", "(a = 1) = 真 且 (a 为空) <> 真", "（a = 1） ＝ 真 且 （a 为空） ≠ 真", "(a = 1) = TRUE AND (a is null) <> True"],
                      lambda a, s, d: first_of(three["and"], (test(lambda x: int(x) == 1)(a), a is not None))),
        "scalar-min": (["min(a, 3) = 3", "最小(a, 3) = 3", "最小（a，3） ＝ ３", "MIN(a, 3) = 3"], lambda a, s, d: test(lambda x: min(int(x), 3) == 3)(a)),
        "scalar-max": (["max(a, 3) = 3", "最大(a, 3) = 3", "最大（a，3） ＝ ３", "Max(a, 3) = 3"], lambda a, s, d: test(lambda x: max(int(x), 3) == 3)(a)),
        "arithmetic": (["(a + 1) * 2 - 3 = 1", "（a ＋ 1） ＊ 2 － 3 ＝ 1", "（a＋１）＊２－３＝１", "-3+2*(1+a)=1"], lambda a, s, d: test(lambda x: (int(x) + 1) * 2 - 3 == 1)(a)),
        "concatenation": (["s & 'y' = 'xy'", "s ＆ 'y' ＝ 'xy'", "s&'y'='xy'", "'xy' = s & ‘y’"], lambda a, s, d: test(lambda x: x + "y" == "xy")(s)),
    }
    for name, (spellings, function) in same.items():
        outcomes = "".join(letter(function(*row)) for row in rows)
        judge(f"computed/wordings/{name}", "rule-language.md §2: keywords of both languages, in any ASCII case, and full-width punctuation and digits",
              [("a", "int"), ("s", "text"), ("d", "date")], rows,
              [(f"R{place}", f"check: {quoted(text)}", outcomes) for place, text in enumerate(spellings)])


def main():
    truth_tables()
    comparisons()
    arithmetic()
    texts()
    dates()
    conversions()
    patterns()
    identities()
    case_numbers()
    cells()
    dialects()
    groups()
    relations()
    wordings()


main()
