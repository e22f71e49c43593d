# SPDX-License-Identifier: Apache-2.0
"""Every lint must be able to fail: tables of samples that are wrong, beside their nearest neighbours that are right."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import floats
import format as clang
import globals as mutable
import layers
import manuals
import sizes
import source
import texts

FUNCTION = "static int f(int a)\n{\n%s        return a;\n}\n"
TABLE = "        static const int t[] = {\n%s        };\n"


def lines(count, text="        a++;\n"):
    return text * count


def function_of(count):
    return FUNCTION % lines(count - 4)


def everything_exists(_path):
    return True


def nothing_exists(_path):
    return False


class Lint(unittest.TestCase):
    def judge(self, cases, check):
        for name, path, text, wrong in cases:
            with self.subTest(name):
                found = [f for f in check(path, text) if not f.note]
                self.assertEqual(len(found), wrong, [str(f) for f in found])


class Layers(Lint):
    CASES = [
        ("the core may use the base", "src/core/a.c", '#include "cardwatch/money.h"\n', 0),
        ("angle brackets say the same", "src/base/a.c", "#include <cardwatch/card.h>\n", 1),
        ("the base may not use the core", "src/base/a.c", '#include "cardwatch/card.h"\n', 1),
        ("net never sees a card", "src/net/a.c", '#include "cardwatch/card.h"\n', 1),
        ("config does not know the store", "src/config/a.c", '#include "cardwatch/store.h"\n', 1),
        ("a sink does not know the source", "src/sink/a.c", '#include "cardwatch/source.h"\n', 1),
        ("the daemon may use everything", "src/daemon/a.c", '#include "cardwatch/source.h"\n#include "cardwatch/sink.h"\n', 0),
        ("a header nobody owns", "src/daemon/a.c", '#include "cardwatch/surprise.h"\n', 1),
        ("a header has the arrows of its layer", "include/cardwatch/money.h", '#include "cardwatch/card.h"\n', 1),
        ("a new header needs an owner", "include/cardwatch/surprise.h", "", 1),
        ("a layer that is not in the table", "src/extra/a.c", "", 1),
        ("sqlite3 at home", "src/store/a.c", "#include <sqlite3.h>\n", 0),
        ("sqlite3 elsewhere", "src/daemon/a.c", "#include <sqlite3.h>\n", 1),
        ("a directive with blanks", "src/daemon/a.c", "  #  include   <curl/curl.h>\n", 1),
        ("openssl in the base", "src/base/secret.c", "#include <openssl/crypto.h>\n", 1),
        ("a library in a public header", "include/cardwatch/store.h", "#include <sqlite3.h>\n", 1),
        ("json-c in the simulator's one file", "src/sim/sim_json.c", "#include <json-c/json.h>\n", 0),
        ("json-c in another file of the simulator", "src/sim/world.c", "#include <json-c/json.h>\n", 1),
        ("a library nobody knows", "src/net/a.c", "#include <zlib.h>\n", 1),
        ("libc", "src/net/a.c", "#include <errno.h>\n#include <sys/socket.h>\n", 0),
        ("the core has no clock to include", "src/core/a.c", "#include <time.h>\n", 1),
        ("the core does not read the clock", "src/core/a.c", "void f(void)\n{\n        x = cw_clock_wall_ms();\n}\n", 1),
        ("the core does not log", "src/core/a.c", "void f(void)\n{\n        cw_log(log, 1);\n}\n", 1),
        ("the core does not print", "src/core/a.c", "void f(void)\n{\n        fprintf(stderr, s);\n}\n", 1),
        ("the core may talk about time in a comment", "src/core/a.c", "/* what time() would say */\n", 0),
        ("a private header of another folder", "src/daemon/a.c", '#include "../store/row.h"\n', 1),
        ("a private header in a public one", "include/cardwatch/store.h", '#include "row.h"\n', 1),
    ]

    def test_arrows(self):
        self.judge(self.CASES, lambda p, t: layers.check(p, t, everything_exists))

    def test_a_private_header_must_stand_beside_its_user(self):
        self.assertEqual(len(layers.check("src/store/a.c", '#include "row.h"\n', nothing_exists)), 1)

    def test_the_arrows_have_no_circle(self):
        for layer in layers.ARROWS:
            seen, ahead = set(), list(layers.ARROWS[layer])
            while ahead:
                other = ahead.pop()
                self.assertNotEqual(other, layer)
                if other not in seen:
                    seen.add(other)
                    ahead += layers.ARROWS[other]


class Sizes(Lint):
    CASES = [
        ("80 lines", "src/base/a.c", function_of(80), 0),
        ("81 lines", "src/base/a.c", function_of(81), 1),
        ("a table does not count", "src/base/a.c", FUNCTION % (TABLE % lines(200, "                1,\n") + lines(70)), 0),
        ("what stands around a table does", "src/base/a.c", FUNCTION % (TABLE % lines(9, "                1,\n") + lines(90)), 1),
        ("a brace in a string opens nothing", "src/base/a.c", 'static const char a[] = "{";\n' + function_of(80), 0),
        ("the second function is measured too", "src/base/a.c", function_of(20) + "\n" + function_of(99), 1),
        ("in tests as well", "tests/unit/base/test_a.c", function_of(81), 1),
        ("parameters over lines belong to it", "src/base/a.c", function_of(80).replace("int a)", "int a,\n                 int b)"), 1),
        ("700 lines", "src/base/a.c", "\n" * 700, 0),
        ("701 lines", "src/base/a.c", "\n" * 701, 1),
        ("a Python file", "tests/e2e/a.py", "\n" * 701, 1),
        ("a header of 121 lines", "include/cardwatch/a.h", "\n" * 121, 1),
        ("a private header", "src/core/a.h", "int f(void);\n" * 13, 1),
        ("data of tests", "tests/unit/net/blobs.h", "\n" * 300, 0),
        ("12 functions", "include/cardwatch/a.h", "int f(void);\n" * 12, 0),
        ("13 functions", "include/cardwatch/a.h", "int f(void);\n" * 13, 1),
        ("attributes and lines in between", "include/cardwatch/a.h",
         "int f(const char *a,\n      int b) __attribute__((warn_unused_result));\n" * 13, 1),
        ("inline functions are functions", "include/cardwatch/a.h", "static inline int f(void)\n{\n        return 1;\n}\n" * 13, 1),
        ("members are none", "include/cardwatch/a.h", "struct a {\n" + "        void (*f)(void *data);\n" * 20 + "};\n", 0),
        ("macros are none", "include/cardwatch/a.h", "#define A(x) f(x)\nCW_DEFINE_CLEANUP(struct a *, a);\n" * 20, 0),
        ("extern C is looked into", "include/cardwatch/a.h", 'extern "C" {\n' + "int f(void);\n" * 13 + "}\n", 1),
    ]

    def test_limits(self):
        self.judge(self.CASES, sizes.check)

    def test_above_60_lines_it_is_listed(self):
        self.assertTrue(sizes.check("src/base/a.c", function_of(61))[0].note)
        self.assertEqual(sizes.check("src/base/a.c", function_of(60)), [])


class Floats(Lint):
    CASES = [
        ("a double", "src/core/a.c", "double d;\n", 1),
        ("a float inside a function", "src/core/a.c", "void f(void)\n{\n        g((float)1);\n}\n", 1),
        ("strtod", "src/base/a.c", "x = strtod(s, NULL);\n", 1),
        ("a comment about one", "src/core/a.c", "/* never a double */\n// nor a float\n", 0),
        ("a message about one", "src/core/a.c", 'f("double");\n', 0),
        ("a longer word", "src/core/a.c", "int doubled, floating;\n", 0),
    ]

    def test_money_is_never_a_double(self):
        self.judge(self.CASES, floats.check)


class Globals(Lint):
    CASES = [
        ("a variable", "src/a.c", "static int a;\n", 1),
        ("a variable with a value", "src/a.c", "int a = 1;\n", 1),
        ("an array", "src/a.c", "static char a[10];\n", 1),
        ("a table that can change", "src/a.c", "static struct row a[] = {\n        {1},\n};\n", 1),
        ("a table", "src/a.c", "static const struct row a[] = {\n        {1},\n};\n", 0),
        ("a pointer that can change", "src/a.c", 'static const char *a = "x";\n', 1),
        ("names that can change", "src/a.c", 'static const char *a[] = {"x"};\n', 1),
        ("names", "src/a.c", 'static const char *const a[] = {"x"};\n', 0),
        ("a thread's own", "src/a.c", "static _Thread_local int a;\n", 1),
        ("hidden in a function", "src/a.c", "int f(void)\n{\n        static int a;\n        return a++;\n}\n", 1),
        ("a table in a function", "src/a.c", "int f(void)\n{\n        static const int a[] = {1};\n        return a[0];\n}\n", 0),
        ("functions in a table", "src/a.c", "static int (*const a[])(int) = {f};\n", 0),
        ("functions in a table that can change", "src/a.c", "static int (*a[])(int) = {f};\n", 1),
        ("functions in a function's table", "src/a.c",
         "int f(void)\n{\n        static int (*const a[])(int) = {f};\n        return 0;\n}\n", 0),
        ("a type", "src/a.c", "struct a {\n        int b;\n};\nenum c { D };\nenum { E = 1 };\nunion f;\n", 0),
        ("a function", "src/a.c", "static int f(int a);\nint f(int a)\n{\n        return a;\n}\n", 0),
        ("a function that takes a function", "src/a.c", "static int f(int (*g)(int))\n{\n        return g(1);\n}\n", 0),
        ("a declared table", "src/a.h", "extern const char *const names[3];\n", 0),
        ("a declared variable", "src/a.h", "extern int count;\n", 1),
        ("macros", "src/a.c", "CW_DEFINE_CLEANUP(struct a *, a_free);\n#define A(x) \\\n        static int x;\n", 0),
        ("an assertion", "src/a.c", '_Static_assert(sizeof(int) == 4, "odd");\n', 0),
        ("a type of functions", "src/a.h", "typedef int (*cw_f)(int a);\n", 0),
    ]

    def test_nothing_changes_at_file_scope(self):
        self.judge(self.CASES, mutable.check)


class Texts(Lint):
    C = "/* SPDX-License-Identifier: Apache-2.0 */\n"
    SHELL = "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
    CASES = [
        ("a licence", "src/a.c", C, 0),
        ("no licence", "src/a.c", "int a;\n", 1),
        ("another licence", "src/a.c", "/* SPDX-License-Identifier: MIT */\n", 1),
        ("a script says it below its first line", "packaging/check", SHELL, 0),
        ("a script that does not", "packaging/check", "#!/bin/sh\n", 1),
        ("CMake says it", "src/CMakeLists.txt", "add_library(a)\n", 1),
        ("prose need not", "README.md", "text\n", 0),
        ("nor what becomes the operator's own", "etc/cardwatch.yaml", "sources: []\n", 0),
        ("a path of the author", "src/a.c", C + "/* see /" + "work/main */\n", 1),
        ("also in prose", "README.md", "cd /" + "root/x\n", 1),
        ("a path that only looks like it", "src/a.c", C + "/* net/" + "work/queue */\n", 0),
        ("a promise", "src/a.c", C + "/* TO" + "DO: later */\n", 1),
        ("another promise", "src/a.c", C + "/* FIX" + "ME */\n", 1),
        ("half a merge", "src/a.c", C + "<<<<" + "<<< HEAD\n", 1),
        ("blanks at the end", "src/a.c", C + "int a; \n", 1),
        ("no newline at the end", "src/a.c", C + "int a;", 1),
    ]

    def test_files_say_their_licence_and_no_secrets(self):
        self.judge(self.CASES, texts.check)


class Format(unittest.TestCase):
    def test_it_fails_on_other_formatting_and_passes_on_ours(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(root, ".clang-format"), encoding="utf-8") as style:
                with open(os.path.join(folder, ".clang-format"), "w", encoding="utf-8") as copy:
                    copy.write(style.read())
            for name, text, wrong in (("right", "int f(void)\n{\n        return 1;\n}\n", 0),
                                      ("wrong", "int f(void) {\n    return 1; }\n", 1)):
                with self.subTest(name):
                    path = os.path.join(folder, f"{name}.c")
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(text)
                    status, _ = clang.check(clang.tool("clang-format"), folder, [path])
                    self.assertEqual(bool(status), bool(wrong))


class Manuals(unittest.TestCase):
    def test_it_fails_on_a_page_that_is_not_well_formed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bad.1")
            with open(path, "w", encoding="utf-8") as file:
                file.write(".Dd November 22, 2026\n.Dt BAD 1\n.Os\n.Sh NAME\n.Nm bad\n.Nd bad\n.Bl -tag\n.It a\n")
            self.assertNotEqual(manuals.check(shutil.which("mandoc"), path)[0], 0)


class Programs(unittest.TestCase):
    """The scripts as ctest runs them: a bad tree gives status 1 and names the place."""

    TREE = {
        "CMakePresets.json": "{}\n",
        "src/core/bad.c": "#include <time.h>\ndouble total;\n" + function_of(90),
    }

    def test_a_bad_tree_fails_every_lint_that_is_a_script(self):
        here = os.path.dirname(os.path.abspath(__file__))
        with tempfile.TemporaryDirectory() as folder:
            for path, text in self.TREE.items():
                os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
                with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                    file.write(text)
            for lint in ("layers", "sizes", "floats", "globals", "texts"):
                with self.subTest(lint):
                    done = subprocess.run([sys.executable, "-B", os.path.join(here, f"{lint}.py"), folder],
                                          capture_output=True, text=True, check=False)
                    self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                    self.assertIn("src/core/bad.c:", done.stdout)

    def test_an_empty_tree_is_no_success(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(source.run("empty", sizes.check, [], folder), 1)


sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging"))
import count  # noqa: E402: it stands beside the script that uses it


class Count(unittest.TestCase):
    """What packaging/check adds up."""

    CMOCKA = "[==========] 4 test(s) run.\n[  PASSED  ] 2 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n" \
             "[  SKIPPED ] t3\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] t2\n"
    CASES = [
        ("cmocka's summary", "fail", "<failure/>", CMOCKA, (2, 1, 1)),
        ("a program that died", "fail", "<failure/>", "", (0, 1, 0)),
        ("a program that died after its summary", "fail", "<failure/>", "[==========] 4 test(s) run.\n", (3, 1, 0)),
        ("unittest's summary", "run", "", "Ran 11 tests in 0.4s\n\nOK\n", (11, 0, 0)),
        ("unittest's failures", "fail", "<failure/>", "Ran 5 tests in 0.4s\n\nFAILED (failures=2, errors=1)\n", (2, 3, 0)),
        ("a plain program", "run", "", "", (1, 0, 0)),
        ("a program that is not there", "notrun", '<skipped message="Unable to find executable"/>', "", (0, 1, 0)),
        ("left out on purpose", "notrun", '<skipped message="SKIP_RETURN_CODE=77"/>', "", (0, 0, 1)),
        ("switched off", "disabled", "", "", (0, 0, 1)),
    ]
    PYTEST = '<testsuites><testsuite errors="1" failures="1" skipped="1" tests="5"/></testsuites>'

    def case(self, name, status, inner, output):
        text = f'<testcase name="{name}" status="{status}">{inner}<system-out/></testcase>'
        case = xml.etree.ElementTree.fromstring(text)
        case.find("system-out").text = output
        return case

    def test_what_ran_inside_a_case(self):
        for name, status, inner, output, expected in self.CASES:
            with self.subTest(name):
                self.assertEqual(count.count_case(self.case("unit.a", status, inner, output), "/nonexistent"), expected)

    def test_pytest_says_it_in_its_own_file(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "e2e.a.xml"), "w", encoding="utf-8") as file:
                file.write(self.PYTEST)
            self.assertEqual(count.count_case(self.case("e2e.a", "fail", "<failure/>", ""), folder), (2, 2, 1))


if __name__ == "__main__":
    unittest.main(verbosity=1)
