# SPDX-License-Identifier: Apache-2.0
"""What every lint needs: the files of the tree, and C with its comments and strings blanked out.

A lint is a function from (path, text) to findings; nothing here decides what is wrong. Paths are relative to the root, with
slashes. Not a C parser: enough of one for sources that are formatted by clang-format.
"""

import os
import re
import sys

SKIPPED_FOLDERS = {"build", "__pycache__", "results"}


class Finding:
    """One thing that is wrong, at a place that an editor can jump to. A note does not fail the lint."""

    def __init__(self, path, line, message, note=False):
        self.path, self.line, self.message, self.note = path, line, message, note

    def __str__(self):
        return f"{self.path}:{self.line}: {'note: ' if self.note else ''}{self.message}"


def walk(root, folders=("",), suffixes=()):
    """Paths of the tree's files below `folders` whose names end so, sorted; build trees and dot folders are left out."""
    found = []
    for folder in folders:
        for base, names, files in os.walk(os.path.join(root, folder)):
            names[:] = [n for n in names if n not in SKIPPED_FOLDERS and (not n.startswith(".") or n == ".ci")]
            for name in files:
                path = os.path.relpath(os.path.join(base, name), root)
                if not suffixes or name.endswith(tuple(suffixes)):
                    found.append(path)
    return sorted(set(found))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)


def _blank(match):
    token = match.group(0)
    if token[0] in "\"'":
        return token[0] + " " * (len(token) - 2) + token[-1]
    return re.sub(r"[^\n]", " ", token)


def blank_comments_and_strings(text):
    """The same text, line for line and column for column, in which only code is left."""
    return _TOKEN.sub(_blank, text)


def blank_preprocessor(code):
    """Likewise without directives and their continuation lines. `code` has no comments any more."""
    lines, inside = code.split("\n"), False
    for i, line in enumerate(lines):
        directive = inside or line.lstrip().startswith("#")
        inside = directive and line.rstrip().endswith("\\")
        if directive:
            lines[i] = ""
    return "\n".join(lines)


class Item:
    """Something at file scope: `head` is its text up to its body or initialiser, lines count from 1."""

    def __init__(self, head, first_line, last_line, body=None, body_line=0):
        self.head, self.first_line, self.last_line = head, first_line, last_line
        self.body, self.body_line = body, body_line

    @property
    def is_function(self):
        return self.body is not None and self._declares_function()

    @property
    def is_prototype(self):
        return self.body is None and self._declares_function() and not self.head.startswith("typedef")

    @property
    def name(self):
        """Of a function: the word before its parameters."""
        head = _without_attributes(self.head)
        match = re.search(r"(\w+)\s*\(", head)
        return match.group(1) if match else head.strip()

    def _declares_function(self):
        head = _without_attributes(self.head)
        if "=" in head or "(" not in head:
            return False
        # A function pointer is a variable; an upper-case word is a macro that makes something.
        return not re.match(r"[^(]*\(\s*\*", head) and not self.name.isupper() and bool(
            re.match(r"[\w\s\*]+\s\**\w+\s*\(", head))


def _without_attributes(head):
    return re.sub(r"__attribute__\s*\(\(.*?\)\)|_Static_assert\s*\(.*", " ", head, flags=re.DOTALL)


def items(text):
    """What stands at file scope of a C source or header, in order."""
    code = blank_preprocessor(blank_comments_and_strings(text))
    code = re.sub(r'extern\s+"\s*"\s*\{', lambda m: " " * len(m.group(0)), code)
    found, start, i = [], None, 0
    line = first_line = 1
    body_start = body_line = None
    depth = 0
    while i < len(code):
        c = code[i]
        if c == "\n":
            line += 1
        elif depth == 0 and start is None and not c.isspace():
            if c not in ";}":
                start, first_line, body_start, body_line = i, line, None, None
        if c == "{":
            if depth == 0 and body_start is None:
                body_start, body_line = i, line
            depth += 1
        elif c == "}":
            depth = max(0, depth - 1)
            if depth == 0 and start is not None:
                head = code[start:body_start]
                item = Item(head, first_line, line, code[body_start : i + 1], body_line)
                if item.is_function:
                    found.append(item)
                    start = None
        elif c == ";" and depth == 0 and start is not None:
            body = code[body_start:i] if body_start is not None else None
            head = code[start : body_start if body_start is not None else i]
            found.append(Item(head, first_line, line, body, body_line or 0))
            start = None
        i += 1
    return found


def run(name, check, paths, root):
    """Prints what `check(path, text)` finds and gives the exit status. Nothing to look at is a failure too."""
    findings = [f for path in paths for f in check(path, read(root, path))]
    for finding in findings:
        print(finding)
    bad = sum(not f.note for f in findings)
    print(f"{name}: {len(paths)} files, {bad} findings")
    return 1 if bad or not paths else 0


def root_of(arguments):
    if len(arguments) < 2 or not os.path.isfile(os.path.join(arguments[1], "CMakePresets.json")):
        sys.exit(f"usage: {arguments[0]} ROOT")
    return os.path.abspath(arguments[1])
