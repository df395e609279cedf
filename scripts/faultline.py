"""Writes a line of Swift or C that is either the line as it is or a faulty one, as the running program is asked.

Only the shapes below are understood; None is given for any other. What the lines ask has to be put into their file:
SWIFT_QUESTION at its end, C_QUESTION at its beginning.
"""
import re

OPEN, CLOSE = "([{", ")]}"


SWIFT_QUESTION = """
import Glibc
private let plantedFault = getenv("SITONG_MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
"""
# A file that is included more than once asks once.
C_QUESTION = """#ifndef PLANTED_FAULT
#define PLANTED_FAULT
#include <stdlib.h>
static int planted_fault(void) {
    static int asked = -1;
    if (asked < 0) asked = getenv("SITONG_MUTANT") ? atoi(getenv("SITONG_MUTANT")) : 0;
    return asked;
}
#endif
"""


def choice(old, new, number, is_c=False):
    """The line that is new when fault `number` is asked for and old otherwise; None when its shape is not known."""
    asked = f"planted_fault() == {number}" if is_c else f"plantedFault == {number}"
    for shape in (c_expression, c_condition) if is_c else SWIFT:
        made = shape(old, new, asked)
        if made:
            return made
    return None


def pick(old, new, asked):
    return f"({asked} ? ({new}) : ({old}))"


def is_whole(text):
    """Whether every bracket that opens in it is closed in it, leaving out what is in quotes."""
    text = re.sub(r'"(?:\\.|[^"\\])*"', "", text)
    depth = 0
    for character in text:
        depth += (character in OPEN) - (character in CLOSE)
        if depth < 0:
            return False
    return depth == 0


def split(text):
    """Its parts between the commas that are in no brackets and no quotes."""
    parts, depth, begin = [], 0, 0
    for match in re.finditer(r'"(?:\\.|[^"\\])*"|[()\[\]{}]|, ', text):
        if match[0] in OPEN:
            depth += 1
        elif match[0] in CLOSE:
            depth -= 1
        elif match[0] == ", " and depth == 0:
            parts.append(text[begin:match.start()])
            begin = match.end()
    return parts + [text[begin:]]


def both(shape, old, new, alike):
    """The matches of both lines with a shape; None twice unless both have it and these groups of it are alike."""
    was, now = re.fullmatch(shape, old), re.fullmatch(shape, new)
    if was and now and all(was[group] == now[group] for group in alike):
        return was, now
    return None, None


# C

def c_expression(old, new, asked):
    shape = r"((?:case \w+: )?return |[\w ]+\*? ?\w+ = |[\w\[\].>-]+ [-+&|]?= )(.+);"
    was, now = both(shape, old, new, [1])
    return was and f"{was[1]}{pick(was[2], now[2], asked)};"


def c_condition(old, new, asked):
    was, now = both(r"if \((.+)\)( continue;| return .*;| \{)", old, new, [2])
    return was and f"if ({pick(was[1], now[1], asked)}){was[2]}"


# Swift

def declaration(old, new, asked):
    """let x = …"""
    was, now = both(r"((?:private |static |package )*(?:let|var) \w+)(: [^=]+)? = (.+)", old, new, [1])
    if not (was and is_whole(was[3]) and is_whole(now[3])):
        return None
    attempt = "try " if "try " in was[3] or "try " in now[3] else ""
    return f"{was[1]}{now[2] or was[2] or ''} = {attempt}{pick(was[3], now[3], asked)}"


def condition(old, new, asked):
    """if …, …, … {   guard … else { … }   while … {   for … where … {"""
    shape = (r"(if |guard |while |\} else if |for .+? where )(.+?)"
             r"( else \{.*\}?| \{(?: [^{}]*(?:\{[^{}]*\}[^{}]*)* \})?|,)")
    was, now = both(shape, old, new, [1, 3])
    if not was:
        return None
    before, after = split(was[2]), split(now[2])
    if len(before) == len(after):
        made = [one if one == two else pick(one, two, asked) for one, two in zip(before, after)]
    else:
        gone = [one for one in before if one not in after]
        if len(after) + len(gone) != len(before) or any("let " in one for one in gone):
            return None
        made = [f"({asked} || ({one}))" if one in gone else one for one in before]
    if any(re.search(r"\b(let|case) ", one) for one in made if asked in one):
        return None
    return f"{was[1]}{', '.join(made)}{was[3]}"


def case(old, new, asked):
    """case …: statement"""
    was, now = both(r"(case .+?: )(.+)", old, new, [1])
    if was and is_whole(was[2]) and is_whole(now[2]):
        return f"{was[1]}if {asked} {{ {now[2]} }} else {{ {was[2]} }}"
    return None


def body(old, new, asked):
    """func … { expression }"""
    was, now = both(r"((?:private |static |package )*(?:func|var) .+? \{ )(.+)( \})", old, new, [1])
    return was and f"{was[1]}{pick(was[2], now[2], asked)}{was[3]}"


def element(old, new, asked):
    """One argument of a call over several lines, by itself on its line."""
    if old.endswith(",") and new.endswith(",") and is_whole(old) and is_whole(new) \
            and len(split(old[:-1])) == len(split(new[:-1])) == 1:
        return pick(old[:-1], new[:-1], asked) + ","
    return None


def statement(old, new, asked):
    """A statement that is whole on its line and gives no name."""
    for line in (old, new):
        if not is_whole(line) or line.endswith(",") or re.match(r"(private|static|package|func|let|var|case|guard|\}|\.)", line):
            return None
    if re.match(r"(if|while) .*[^}]$", old):
        return None
    return f"if {asked} {{ {new} }} else {{ {old} }}"


SWIFT = (declaration, condition, case, body, element, statement)
