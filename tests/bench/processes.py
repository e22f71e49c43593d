# SPDX-License-Identifier: Apache-2.0
"""What the bench runs: the server, the daemon, and peers that poll when they are told; and what each has cost so far."""

import glob
import json
import os
import signal
import subprocess
import time
import urllib.request

LIST_PATH = "/api/v1/customer/cards/byuser/list"
WAIT_S = 120.0


def cpu_ns(pid):
    """The time that all threads of a process were on a processor."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            with open(path, encoding="ascii") as file:
                total += int(file.read().split()[0])
        except OSError:
            pass  # a thread that ended meanwhile
    return total


def memory_bytes(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return 0


def settle(pid, quiet_s=0.06, timeout_s=WAIT_S):
    """Waits until the process has done nothing for a while; what it has cost by then."""
    deadline, before, quiet_since = time.monotonic() + timeout_s, cpu_ns(pid), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.01)
        now = cpu_ns(pid)
        # A timer that looks whether there is something to do is no work.
        if now - before > 200_000:
            before, quiet_since = now, time.monotonic()
        elif time.monotonic() - quiet_since >= quiet_s:
            return now
    raise RuntimeError(f"process {pid} does not come to rest")


def wait_for(condition, what, timeout_s=WAIT_S):
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"no {what} in {timeout_s:g} s")
        time.sleep(0.002)


class Server:
    """The card API and the receivers, with one data set."""

    def __init__(self, tools, cards, customers_a_page, shape=""):
        self.cards = cards
        self.process = subprocess.Popen([f"{tools}/bench_server", str(cards), str(customers_a_page), *shape.split()],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url, self.hook_url = (f"http://127.0.0.1:{port}" for port in self.process.stdout.readline().split())
        self.hook_url += "/hook"
        self.n_pages = self.state()["n_pages"]

    def get(self, path):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{self.url}{path}") as answer:
            return answer.read()

    def state(self):
        return json.loads(self.get("/bench/state"))

    def set(self, **keys):
        self.get("/bench/set?" + "&".join(f"{k}={v}" for k, v in keys.items()))

    def wait(self, counter, least):
        wait_for(lambda: self.state()[counter] >= least, f"{least} {counter} (there are {self.state()[counter]})")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Worker:
    """A process that does one round for each line that it is given, and says `done`."""

    def __init__(self, name, argv):
        self.name, self.peak = name, 0
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def run(self):
        """What a round costs."""
        before = cpu_ns(self.pid)
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline().startswith("done"):
            raise RuntimeError(f"{self.name} did not do its round")
        return settle(self.pid) - before

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Daemon:
    """cardwatchd in a folder of its own; it polls when it is told to. What is text in `config` is YAML."""

    def __init__(self, programs, folder, config, env=None):
        self.programs, self.folder, self.env = programs, folder, env or {}
        os.makedirs(folder, exist_ok=True)
        self.config_path = os.path.join(folder, "cardwatch.yaml")
        config = {"store": {"sqlite": os.path.join(folder, "cardwatch.db")}, "control": {"socket": "none"}, **config}
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.writelines(f"{key}: {value if isinstance(value, str) else json.dumps(value)}\n" for key, value in config.items())
        os.chmod(self.config_path, 0o600)
        self.process = None

    def start(self):
        """When it was started, by the clock that the server stamps with."""
        log = open(os.path.join(self.folder, "daemon.log"), "ab")
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
        started = time.monotonic_ns()
        self.process = subprocess.Popen([f"{self.programs}/cardwatchd", "--config", self.config_path],
                                        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        env={**keep, "TZ": "UTC", **self.env})
        log.close()
        self.pid = self.process.pid
        return started

    def start_and_poll(self, server, pages=None):
        have = server.state()["pages"]
        started = self.start()
        server.wait("pages", have + (pages or server.n_pages))
        settle(self.pid)
        return started

    def poll(self, server, pages=None, hooks=0):
        """What a poll costs, with all that follows from it."""
        have, before = server.state(), cpu_ns(self.pid)
        self.process.send_signal(signal.SIGUSR1)
        server.wait("pages", have["pages"] + (pages or server.n_pages))
        if hooks:
            server.wait("hooks", have["hooks"] + hooks)
        return settle(self.pid) - before

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(WAIT_S) != 0:
            raise RuntimeError(f"cardwatchd ended with {self.process.returncode}: see {self.folder}/daemon.log")
        self.process = None

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
