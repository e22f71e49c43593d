# SPDX-License-Identifier: Apache-2.0
"""Manuals: the manual pages are well formed."""

import shutil
import subprocess
import sys

import source


def check(mandoc, path):
    done = subprocess.run([mandoc, "-T", "lint", "-W", "warning", path], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    root = source.root_of(sys.argv)
    mandoc = shutil.which("mandoc")
    if not mandoc:
        sys.exit("mandoc is not installed: packaging/setup installs it")
    paths = source.walk(root, ["packaging/man"])
    bad = 0
    for path in paths:
        status, says = check(mandoc, f"{root}/{path}")
        sys.stdout.write(says)
        bad += status != 0
    print(f"manuals: {len(paths)} files, {bad} with findings")
    return 1 if bad or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
