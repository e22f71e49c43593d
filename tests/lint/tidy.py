# SPDX-License-Identifier: Apache-2.0
"""Tidy: clang-tidy with the checks of .clang-tidy over the sources of a build, two files at a time.

The analyzer, which follows paths and takes most of the time, reads the layers that take input apart and decide.
"""

import concurrent.futures
import json
import os
import subprocess
import sys

import format as clang
import source

JOBS = 2
ANALYZED = ("src/codec/", "src/config/", "src/core/")


def sources_of(root, build):
    """The product's own files of the compilation database; tests are left to the compiler."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        files = {os.path.abspath(os.path.join(e["directory"], e["file"])) for e in json.load(file)}
    return sorted(f for f in files if f.startswith(os.path.join(root, "src") + os.sep) and os.path.isfile(f))


def check(tidy, root, build, path):
    arguments = [tidy, "--quiet", "-p", build, "--extra-arg=-Wno-error", f"--config-file={os.path.join(root, '.clang-tidy')}"]
    if not os.path.relpath(path, root).startswith(ANALYZED):
        arguments.append("--checks=-clang-analyzer-*")
    arguments.append(path)
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    says = [line for line in done.stdout.splitlines() if line]
    if done.returncode != 0 and not says:
        says = done.stderr.splitlines()
    return done.returncode, "\n".join(says)


def main():
    root, build = source.root_of(sys.argv), os.path.abspath(sys.argv[2])
    tidy, paths, bad = clang.tool("clang-tidy"), sources_of(root, build), 0
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for status, says in pool.map(lambda p: check(tidy, root, build, p), paths):
            if says:
                print(says)
            bad += status != 0
    print(f"tidy: {len(paths)} files, {bad} with findings")
    return 1 if bad or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
