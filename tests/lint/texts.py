# SPDX-License-Identifier: Apache-2.0
"""Texts: every file says its licence, and none says what only its author's desk knows."""

import re
import sys

import source

SPDX = "SPDX-License-Identifier: Apache-2.0"

# No comment can stand in these, or the licence is their content.
WITHOUT_SPDX = (".md", ".json", ".csv", ".txt", ".pem", "LICENSE", ".gitignore", ".clang-format")

# Written so that this file does not find itself.
FORBIDDEN = [
    (re.compile(r"(?<![\w.])/" + "work" + r"\b/"), "a path of one machine"),
    (re.compile(r"(?<![\w.])/" + "root" + r"\b/"), "a path of one machine"),
    (re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"), "do it, or write it into an issue"),
    (re.compile(r"^(<<<" + r"<<<<|>>>" + r">>>>) "), "a merge that was not finished"),
]

TEXTS = (".c", ".h", ".py", ".sh", ".txt", ".cmake", ".md", ".yaml", ".yml", ".json", ".service", ".sysusers", ".tmpfiles",
         ".1", ".8", ".html", ".css", ".js", ".sql")


# Input for the fuzzers: any bytes.
CORPUS = "tests/fuzz/corpus/"


def is_text(path):
    if path.startswith(CORPUS):
        return False
    name = path.rsplit("/", 1)[-1]
    return name.endswith(TEXTS) or "." not in name.lstrip(".")


def check(path, text):
    found = []
    first_lines = "\n".join(text.split("\n", 4)[:4])
    # What stands in etc/ is installed to be edited: it belongs to whoever runs it.
    if path != "LICENSE" and not path.startswith("etc/") and SPDX not in first_lines and (
            path.endswith("CMakeLists.txt") or not path.endswith(WITHOUT_SPDX)):
        found.append(source.Finding(path, 1, f"does not begin with {SPDX}"))
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, why in FORBIDDEN:
            match = pattern.search(line)
            if match:
                found.append(source.Finding(path, number, f"{match.group(0).strip()}: {why}"))
        if line != line.rstrip() and not path.endswith(".md"):
            found.append(source.Finding(path, number, "white space at the end of the line"))
    if text and not text.endswith("\n"):
        found.append(source.Finding(path, text.count("\n") + 1, "no newline at the end"))
    return found


def main():
    root = source.root_of(sys.argv)
    return source.run("texts", check, [p for p in source.walk(root) if is_text(p)], root)


if __name__ == "__main__":
    sys.exit(main())
