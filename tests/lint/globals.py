# SPDX-License-Identifier: Apache-2.0
"""Globals: nothing that can change stands at file scope, nor hides as a static in a function."""

import re
import sys

import source

# Variables that may, as path:name, and why.
ALLOWED = {}

_NOT_A_VARIABLE = re.compile(r"^(typedef|_Static_assert|__asm__|asm)\b")
_AGGREGATE_ONLY = re.compile(r"^(static\s+)?(const\s+)?(struct|union|enum)\b\s*\w*\s*$")
_LOCAL_STATIC = re.compile(r"(?:^|[;{}])\s*(static|_Thread_local)\b([^;={]*)[;={]")


def is_constant(declaration):
    """Whether the variable itself cannot change: for a pointer what counts stands behind its last star."""
    pointer_to_function = re.search(r"\(\s*\*\s*(const\b)?", declaration.split("=")[0])
    if pointer_to_function:
        return bool(pointer_to_function.group(1))
    before_name = re.sub(r"\[.*", "", declaration.split("=")[0], flags=re.DOTALL)
    last = before_name.rsplit("*", 1)[-1] if "*" in before_name else before_name
    return bool(re.search(r"\bconst\b|\bconstexpr\b", last))


def name_of(declaration):
    pointer_to_function = re.search(r"\(\s*\*[\s\w]*?(\w+)\s*[\[)]", declaration.split("=")[0])
    if pointer_to_function:
        return pointer_to_function.group(1)
    words = re.findall(r"\w+", re.sub(r"\[.*", "", declaration.split("=")[0], flags=re.DOTALL))
    return words[-1] if words else "?"


def file_scope(path, item):
    head = source._without_attributes(item.head).strip()
    if not head or item.is_function or item.is_prototype or _NOT_A_VARIABLE.match(head):
        return []
    if _AGGREGATE_ONLY.match(head) or name_of(head).isupper():
        return []
    if "(" in head.split("=")[0] and not re.search(r"\(\s*\*", head.split("=")[0]):
        return []
    if is_constant(head):
        return []
    return [(item.first_line, name_of(head))]


def local_statics(item):
    for match in _LOCAL_STATIC.finditer(item.body):
        declaration = match.group(0).lstrip(";{} \n\t")
        if not is_constant(declaration.rstrip(";={")):
            line = item.body_line + item.body.count("\n", 0, match.start(1))
            yield line, name_of(declaration)


def check(path, text):
    found = []
    for item in source.items(text):
        places = list(local_statics(item)) if item.is_function else file_scope(path, item)
        for line, name in places:
            if f"{path}:{name}" not in ALLOWED:
                found.append(source.Finding(path, line, f"{name} can change and belongs to nobody: give it an owner"))
    return found


def main():
    root = source.root_of(sys.argv)
    return source.run("globals", check, source.walk(root, ["include", "src"], [".c", ".h"]), root)


if __name__ == "__main__":
    sys.exit(main())
