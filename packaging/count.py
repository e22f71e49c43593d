# SPDX-License-Identifier: Apache-2.0
"""Counts the tests behind ctest's cases: `count.py JUNIT RESULTS` prints "PASSED FAILED SKIPPED".

A case of ctest is a program with many tests. What ran inside is taken from pytest's own junit file of that name in the folder
RESULTS, else from the summary that cmocka or unittest printed, else the case counts as one. A case that failed counts as at
least one failure, whatever it printed before it died.
"""

import os
import re
import sys
import xml.etree.ElementTree


def of_junit(path):
    """(ran, failed, skipped) of a junit file, which may not be there or be cut off."""
    try:
        root = xml.etree.ElementTree.parse(path).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    total = [sum(int(s.get(key, 0)) for s in suites) for key in ("tests", "failures", "errors", "skipped")]
    return total[0] - total[3], total[1] + total[2], total[3]


def of_output(text):
    """Likewise of what cmocka or unittest printed at its end."""
    cmocka = re.findall(r"^\[=+\] (?:\S+: )?(\d+) test\(s\) run\.", text, re.MULTILINE)
    if cmocka:
        failed = re.findall(r"^\[  FAILED  \] (?:\S+: )?(\d+) test\(s\)", text, re.MULTILINE)
        skipped = re.findall(r"^\[  SKIPPED \] (?:\S+: )?(\d+) test\(s\)", text, re.MULTILINE)
        left_out = sum(map(int, skipped))
        return sum(map(int, cmocka)) - left_out, sum(map(int, failed)), left_out
    ran = re.search(r"^Ran (\d+) tests? in", text, re.MULTILINE)
    if ran:
        failed = re.search(r"^FAILED \((.*)\)", text, re.MULTILINE)
        return int(ran.group(1)), sum(map(int, re.findall(r"(?:failures|errors)=(\d+)", failed.group(1)))) if failed else 0, 0
    return None


def count_case(case, results):
    status = case.get("status")
    if status == "disabled":
        return 0, 0, 1
    if status == "notrun":
        # Skipped on purpose says so; a program that is not there does not.
        return (0, 0, 1) if "SKIP" in "".join(s.get("message", "") for s in case.iter("skipped")) else (0, 1, 0)
    output = "".join(e.text or "" for e in case.iter("system-out"))
    counted = of_junit(os.path.join(results, f"{case.get('name')}.xml")) or of_output(output) or (1, 0, 0)
    ran, failed, skipped = counted
    if status == "fail" and failed == 0:
        ran, failed = max(ran, 1), 1
    return ran - failed, failed, skipped


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: count.py JUNIT RESULTS")
    try:
        cases = list(xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        sys.exit(f"count.py: {sys.argv[1]}: {error}")
    counts = [count_case(case, sys.argv[2]) for case in cases]
    print(*(sum(column) for column in zip(*counts)) if counts else (0, 0, 0))


if __name__ == "__main__":
    main()
