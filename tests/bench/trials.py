# SPDX-License-Identifier: Apache-2.0
"""The trials: each sets up what it measures, runs what it compares in turns, and returns samples by name."""

import os
import random
import re
import shutil
import subprocess
import sys
import time

import processes
from processes import LIST_PATH, Daemon, Failure, Server, Worker

AT_ONCE = 4  # pages, the daemon's own default
POSTS_AT_ONCE = 16
BURST_SOURCES = 25
A_POLL = 10  # alerts of each source: from one more on they would be one message
HERE = os.path.dirname(os.path.abspath(__file__))


class Bench:
    """Where programs are and files may lie, and how often things are done."""

    def __init__(self, programs, folder, fast_folder, quick):
        self.programs, self.folder, self.fast_folder, self.quick = programs, folder, fast_folder, quick
        self.n_folders = 0

    def new_folder(self, fast=False):
        self.n_folders += 1
        path = os.path.join(self.fast_folder if fast else self.folder, str(self.n_folders))
        os.makedirs(path)
        return path


def source(server, prefix, name="main", page_size=1000):
    return {"name": name, "url": f"{server.url}/{prefix}", "auth": {"api_key": "plain:key"}, "every": "1d",
            "page_size": page_size, "concurrency": AT_ONCE}


def ten_rules():
    with open(os.path.join(HERE, "ten_rules.yaml"), encoding="utf-8") as file:
        return file.read().split("rules:\n")[1]


def cycle_config(server, page_size):
    return {"sources": [source(server, "all", page_size=page_size)], "rules": "\n" + ten_rules(),
            "notifiers": [{"name": "hook", "type": "webhook", "url": f"plain:{server.hook_url}"}]}


class Cycle:
    """One data set: the daemon in both lanes, the bare download, and peers, all asking the same server in turns."""

    def __init__(self, bench, cards, customers_a_page, shape="", peers=(), reference=True):
        self.bench, self.peers, self.samples, self.memory, self.turns = bench, [], {}, {}, None
        self.server = Server(bench.programs, cards, customers_a_page, shape)
        self.changes = cards // 100
        url = f"{self.server.url}/all{LIST_PATH}"
        config = cycle_config(self.server, customers_a_page)
        self.daemon = Daemon(bench.programs, bench.new_folder(), config)
        self.reference = reference and Daemon(bench.programs, bench.new_folder(), config, {"CARDWATCH_DECODER": "reference"})
        self.bare = Worker("bare", [f"{bench.programs}/bench_client", "pages", url, str(self.server.n_pages), str(AT_ONCE)])
        if "python" in peers:
            store = os.path.join(bench.new_folder(), "peer.db")
            self.peers.append(Worker("python", [sys.executable, os.path.join(HERE, "peer.py"), url, store]))
        if "node" in peers and shutil.which("node"):
            self.peers.append(Worker("node", [shutil.which("node"), os.path.join(HERE, "peer.mjs"), url]))

    def note(self, name, ns):
        self.samples.setdefault(name, []).append(ns)

    def warm_up(self, polls):
        self.server.set(change=0)
        for daemon in (self.daemon, self.reference):
            if daemon:
                daemon.start_and_poll(self.server)
        for _ in range(polls):
            self.server.set(change=self.changes)
            self.daemon.poll(self.server)
            self.server.set(change=0)
            for worker in (self.bare, *self.peers):
                worker.run()

    def round(self, with_slow):
        """What changed is new to each that is asked once: only the first to ask makes the server change it."""
        self.server.set(change=self.changes)
        self.note("changed", self.daemon.poll(self.server))
        self.server.set(change=0)
        self.note("bare", self.bare.run())
        self.note("still", self.daemon.poll(self.server))
        self.note("bare", self.bare.run())
        if with_slow and self.reference:
            self.note("reference", self.reference.poll(self.server))
        for peer in self.peers if with_slow else ():
            self.note(peer.name, peer.run())

    def run(self, rounds, warm_up=2, slow_rounds=None):
        self.warm_up(warm_up)
        for i in range(rounds):
            self.round(slow_rounds is None or i < slow_rounds)
        for name, process in (("daemon", self.daemon), ("reference", self.reference), ("bare", self.bare),
                              *((p.name, p) for p in self.peers)):
            if process:
                self.memory[name] = processes.memory_bytes(process.pid)
        self.memory["peak"] = processes.memory_bytes(self.daemon.pid, "VmHWM")
        self.turns = self.daemon.loop_turns()
        return self

    def starts(self, times):
        """From a stored state to the first request, in nanoseconds."""
        took = []
        for _ in range(times):
            self.daemon.stop()
            self.server.set(change=0)
            started = self.daemon.start_and_poll(self.server)
            took.append(self.server.state()["first_asked_ns"] - started)
        return took

    def close(self):
        for daemon in (self.daemon, self.reference):
            if daemon:
                daemon.close()
        for worker in (self.bare, *self.peers):
            worker.close()
        self.server.close()


def low_rule():
    return [{"name": "low", "when": "available < 100", "flap": "off"}]


def latencies(bench, polls):
    """From the last byte of a page out of the server to its answer to the message about it, in nanoseconds; and the turns."""
    server = Server(bench.programs, 100, 100)
    config = {"sources": [source(server, "one")], "rules": low_rule(),
              "notifiers": [{"name": "hook", "type": "webhook", "url": f"plain:{server.hook_url}"}]}
    daemon = Daemon(bench.programs, bench.new_folder(fast=True), config)
    chance = random.Random(1)
    try:
        daemon.start_and_poll(server, 1)
        for _ in range(polls + 3):
            time.sleep(chance.uniform(0.005, 0.03))
            daemon.poll(server, 1, hooks=1)
        return [int(n) for n in re.findall(rb"\d+", server.get("/bench/latencies"))][3:], daemon.loop_turns()
    finally:
        daemon.close()
        server.close()


class Burst:
    """Ten alerts a poll of each of 25 sources: 250 messages a beat, each about one card."""

    def __init__(self, bench):
        self.bench = bench
        self.server = Server(bench.programs, 100, 100)
        names = range(BURST_SOURCES)
        config = {"sources": [source(self.server, f"s{i}", f"s{i}") for i in names], "rules": low_rule(),
                  "notifiers": [{"name": "hook", "type": "webhook", "url": f"plain:{self.server.hook_url}"}]}
        self.daemon = Daemon(bench.programs, bench.new_folder(), config)

    def run(self, beats, still_beats=3):
        """What the messages cost beyond the same polls without them, and what they were told in."""
        self.server.set(burst=0, capture=1)
        self.daemon.start_and_poll(self.server, BURST_SOURCES)
        still = [self.daemon.poll(self.server, BURST_SOURCES) for _ in range(still_beats)]
        self.server.set(burst=1)
        told = [self.daemon.poll(self.server, BURST_SOURCES, hooks=BURST_SOURCES * A_POLL) for _ in range(beats)]
        path = os.path.join(self.bench.new_folder(), "bodies")
        with open(path, "wb") as file:
            file.write(self.server.get("/bench/bodies"))
        self.server.set(burst=0, capture=0)
        still += [self.daemon.poll(self.server, BURST_SOURCES) for _ in range(still_beats)]
        self.turns = self.daemon.loop_turns()
        return told, still, path

    def bare(self, path, rounds):
        worker = Worker("bare", [f"{self.bench.programs}/bench_client", "posts", self.server.hook_url, path,
                                 str(POSTS_AT_ONCE)])
        try:
            worker.run()
            return [worker.run() for _ in range(rounds)]
        finally:
            worker.close()

    def close(self):
        self.daemon.close()
        self.server.close()


class Storm:
    """One poll in which a fifth of 100,000 cards begin to fire, told to three notifiers, and a poll that changes nothing."""

    def __init__(self, bench):
        self.server = Server(bench.programs, 100_000, 1000)
        notifiers = [{"name": f"hook-{i}", "type": "webhook", "url": f"plain:{self.server.hook_url}"} for i in range(3)]
        config = {"sources": [source(self.server, "all")], "rules": [{"name": "spent", "when": "spent(1h) > 0"}],
                  "notifiers": notifiers}
        self.daemon = Daemon(bench.programs, bench.new_folder(), config)

    def run(self):
        """What both polls cost, how many alerts fire after them, and the turns."""
        self.server.set(change=0)
        self.daemon.start_and_poll(self.server)
        self.server.set(change=50_000)
        storm = self.daemon.poll(self.server, hooks=1)
        self.server.set(change=0)
        still = self.daemon.poll(self.server)
        return storm, still, self.daemon.status()["alerts"]["firing"], self.daemon.loop_turns()

    def close(self):
        self.daemon.close()
        self.server.close()


def instructions(bench, cards, changed):
    """Of decoding, comparing and rules, a card; None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    out = os.path.join(bench.new_folder(), "callgrind")
    done = subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=measured", f"--callgrind-out-file={out}",
                           f"{bench.programs}/bench_cycle", str(cards), "1000", "2", str(changed)], capture_output=True,
                          text=True, check=False)
    found = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or not found:
        raise Failure(f"callgrind: {done.stderr[-2000:]}")
    return int(found.group(1)) / cards / 2
