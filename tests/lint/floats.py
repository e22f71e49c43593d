# SPDX-License-Identifier: Apache-2.0
"""Floats: money is never a double, so where money is handled there is none at all."""

import re
import sys

import source

# Files that may, and why.
ALLOWED = {
    "src/codec/chart_draw.c": "cairo's angles and dashes: amounts have become whole pixels before",
}

_WORD = re.compile(r"\b(double|float|_Float\w+|strtod|strtof|atof)\b")


def check(path, text):
    if path in ALLOWED:
        return []
    found = []
    for number, line in enumerate(source.blank_comments_and_strings(text).split("\n"), 1):
        match = _WORD.search(line)
        if match:
            found.append(source.Finding(path, number, f"{match.group(1)}: amounts are exact (cardwatch/money.h)"))
    return found


def main():
    root = source.root_of(sys.argv)
    folders = ["include", "src/base", "src/core", "src/codec", "src/config", "src/store", "src/sink"]
    return source.run("floats", check, source.walk(root, folders, [".c", ".h"]), root)


if __name__ == "__main__":
    sys.exit(main())
