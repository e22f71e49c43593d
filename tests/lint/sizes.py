# SPDX-License-Identifier: Apache-2.0
"""Sizes: what does not fit on a screen is not understood. Tables do not count against a function."""

import re
import sys

import source

FUNCTION_LISTED = 60
FUNCTION_MAX = 80
FILE_MAX = 700
HEADER_MAX = 120
HEADER_FUNCTIONS_MAX = 12

# Headers that may be longer, and why. Short on purpose.
LONGER_HEADERS = {}

_TABLE = re.compile(r"=\s*\{")


def table_lines(body):
    """Lines that initialisers of several lines take."""
    total, at = 0, 0
    while True:
        match = _TABLE.search(body, at)
        if not match:
            return total
        depth, end = 0, match.end() - 1
        while end < len(body):
            depth += {"{": 1, "}": -1}.get(body[end], 0)
            if depth == 0:
                break
            end += 1
        total += body.count("\n", match.start(), end)
        at = end


def check_function(path, item):
    lines = item.last_line - item.first_line + 1 - table_lines(item.body)
    if lines > FUNCTION_MAX:
        return [source.Finding(path, item.first_line, f"{item.name} has {lines} lines, at most {FUNCTION_MAX}")]
    if lines > FUNCTION_LISTED:
        return [source.Finding(path, item.first_line, f"{item.name} has {lines} lines: look again", note=True)]
    return []


def check_header(path, text, items):
    found = []
    lines = text.count("\n")
    most = LONGER_HEADERS.get(path, HEADER_MAX)
    if lines > most:
        found.append(source.Finding(path, lines, f"a header of {lines} lines, at most {most}"))
    functions = [i for i in items if i.is_prototype or i.is_function]
    if len(functions) > HEADER_FUNCTIONS_MAX:
        found.append(source.Finding(path, functions[HEADER_FUNCTIONS_MAX].first_line,
                                    f"{len(functions)} functions, at most {HEADER_FUNCTIONS_MAX}"))
    return found


def check(path, text):
    found = []
    lines = text.count("\n")
    if lines > FILE_MAX:
        found.append(source.Finding(path, lines, f"a file of {lines} lines, at most {FILE_MAX}"))
    if path.endswith(".py"):
        return found
    items = source.items(text)
    if path.endswith(".h") and not path.startswith("tests/"):
        found += check_header(path, text, items)
    for item in items:
        if item.is_function:
            found += check_function(path, item)
    return found


def main():
    root = source.root_of(sys.argv)
    return source.run("sizes", check, source.walk(root, ["include", "src", "tests"], [".c", ".h", ".py"]), root)


if __name__ == "__main__":
    sys.exit(main())
