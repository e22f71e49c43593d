# SPDX-License-Identifier: Apache-2.0
"""Layers: reads every #include and fails on an arrow that ARCHITECTURE.md does not draw."""

import os
import re
import sys

import source

# A layer may use itself and these; what they use is not passed on.
ARROWS = {
    "base": [],
    "core": ["base"],
    "config": ["base", "core"],
    "codec": ["base", "core"],
    "store": ["base", "core"],
    "net": ["base"],
    "source": ["base", "net", "codec", "core"],
    "sink": ["base", "net", "codec", "core"],
    "daemon": ["base", "core", "config", "codec", "store", "net", "source", "sink"],
    "ctl": ["base", "core", "config", "codec", "store", "net", "source", "sink", "daemon"],
    "sim": ["base", "net"],
}

# Whose header in include/cardwatch/ it is.
HEADERS = {
    "base": "arena backoff buf buf_room cleanup clock digits hash log map money pack pack_quick secret streams strpool text wrapping zone",
    "core": "acts alert_match builtin card card_pack card_row changes changes_cards changes_order digest digest_rows engine engine_acts engine_view entry event expr expr_subject fall filter fingerprint history inhibition load match notice outbox overrides policy preview recall receiver_row route rows rule rules snapshot value window",
    "config": "config config_notifier config_report scenario",
    "codec": "arrival card_chart chart decoder disguise json_in json_out letter picture provider render render_alert render_template template",
    "store": "store store_history store_pages store_settle",
    "net": "exec hmac http httpd loop server smtp wire work",
    "source": "source source_listener",
    "sink": "sink sink_options",
    "daemon": "attempt feed settings",
}

# A third-party library has one home. A file named beside a layer is the only one of that layer.
LIBRARIES = [
    (r"(cairo|fontconfig)[-\w]*(/.*|\.h)", ["codec"]),
    (r"yaml\.h", ["config"]),
    (r"(json-c/.*|json(_\w+)?\.h)", ["codec", "sim/sim_json.c"]),
    (r"sqlite3(ext)?\.h", ["store"]),
    (r"(uv\.h|uv/.*)", ["net"]),
    (r"curl/.*", ["net"]),
    (r"microhttpd\.h", ["net/httpd.c"]),
    (r"openssl/.*", ["net"]),
    (r"(liboath/)?oath\.h", ["source", "sim/totp.c"]),
    (r"xxh\w*\.h", ["codec/prints.c"]),
    (r"dlfcn\.h", ["codec/cairo_library.c"]),
    (r"sanitizer/.*", ["core/texts.c"]),
    (r"(imm|emm)intrin\.h", ["codec/scan_step.h"]),
]

LIBC = set(
    """assert.h ctype.h errno.h fcntl.h fnmatch.h getopt.h glob.h grp.h inttypes.h libgen.h limits.h locale.h malloc.h netdb.h poll.h
    pthread.h pwd.h sched.h setjmp.h signal.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h
    sysexits.h syslog.h termios.h time.h unistd.h""".split()
)
LIBC_FOLDERS = ("arpa/", "linux/", "net/", "netinet/", "sys/")

# The core decides and does nothing else: it has no way to a clock, a file, a process or chance.
CORE_MAY = set(
    "assert.h ctype.h errno.h inttypes.h limits.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h".split()
)
CORE_MAY_NOT_USE = {"clock": "a clock", "log": "a log"}
CORE_WORDS = re.compile(
    r"\b(v?f?printf|puts|f?open|fread|fwrite|getenv|time|clock|clock_gettime|gettimeofday|localtime|rand\w*|getrandom|"
    r"arc4random\w*|cw_clock_(wall|mono)_ms|cw_log\w*)\s*\("
)

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def owner_of(header):
    for layer, names in HEADERS.items():
        if header in names.split():
            return layer
    return None


def includes(text):
    for match in _INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def layer_of(path):
    parts = path.split("/")
    if parts[0] == "src":
        return parts[1]
    if parts[0] == "include":
        return owner_of(os.path.splitext(parts[-1])[0])
    return None


def check_own(layer, name):
    header = os.path.splitext(name[len("cardwatch/") :])[0]
    owner = owner_of(header)
    if owner is None:
        return f"{name} belongs to no layer: name it in HEADERS of tests/lint/layers.py"
    if owner != layer and owner not in ARROWS[layer]:
        return f"{layer} may not use {name} of {owner}"
    return None


def check_library(path, layer, name):
    for pattern, homes in LIBRARIES:
        if re.fullmatch(pattern, name):
            if path.startswith("include/"):
                return f"{name}: no third-party library in a header that other layers see"
            if layer in homes or path[len("src/") :] in homes:
                return None
            return f"{name} belongs to {' and '.join(homes)} only"
    if name in LIBC or name.startswith(LIBC_FOLDERS):
        if layer == "core" and name not in CORE_MAY:
            return f"the core may not include {name}"
        return None
    return f"{name} is of no known library: name it in tests/lint/layers.py"


def check_private(path, name, exists):
    if "/" in name or path.startswith("include/"):
        return f'"{name}": a private header stands beside the file that uses it'
    if not exists(os.path.join(os.path.dirname(path), name)):
        return f'"{name}" does not stand in {os.path.dirname(path)}'
    return None


def check(path, text, exists):
    layer = layer_of(path)
    if layer not in ARROWS:
        return [source.Finding(path, 1, "belongs to no layer: see tests/lint/layers.py")]
    found = []
    for line, kind, name in includes(text):
        if name.startswith("cardwatch/"):
            message = check_own(layer, name)
        elif kind == '"':
            message = check_private(path, name, exists)
        else:
            message = check_library(path, layer, name)
        if message:
            found.append(source.Finding(path, line, message))
    if layer == "core" and path.startswith("src/"):
        code = source.blank_comments_and_strings(text)
        for match in CORE_WORDS.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            found.append(source.Finding(path, line, f"the core is pure: no {match.group(1)}"))
    return found


def main():
    root = source.root_of(sys.argv)
    paths = source.walk(root, ["include", "src"], [".c", ".h"])
    return source.run("layers", lambda p, t: check(p, t, lambda q: os.path.isfile(os.path.join(root, q))), paths, root)


if __name__ == "__main__":
    sys.exit(main())
