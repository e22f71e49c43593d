# SPDX-License-Identifier: Apache-2.0
"""Format: clang-format has nothing to change. Its output differs between versions, so the version is one, Debian 12's."""

import re
import shutil
import subprocess
import sys

import source

VERSION = "14"


def tool(name):
    """The tool in the one version whose opinion counts; ends the lint when it is not there."""
    for candidate in (f"{name}-{VERSION}", name):
        path = shutil.which(candidate)
        if path:
            says = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if re.search(rf"version {VERSION}\.", says):
                return path
    sys.exit(f"{name} {VERSION} is not installed: packaging/setup installs it")


def check(clang_format, root, paths):
    done = subprocess.run([clang_format, "--dry-run", "-Werror", "--style=file", "--ferror-limit=3", *paths], cwd=root,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def main():
    root = source.root_of(sys.argv)
    paths = source.walk(root, ["include", "src", "tests"], [".c", ".h"])
    status, says = check(tool("clang-format"), root, paths)
    sys.stdout.write(says)
    print(f"format: {len(paths)} files{', run clang-format -i on those above' if status else ''}")
    return 1 if status or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
