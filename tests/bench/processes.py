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


class Failure(Exception):
    """What the bench cannot go on without, in words for who runs it."""


def launch(argv, **options):
    try:
        return subprocess.Popen(argv, **options)
    except OSError as error:
        raise Failure(f"{argv[0]}: {error.strerror} (run without --no-build?)") from error


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
    raise Failure(f"process {pid} does not come to rest in {timeout_s:g} s")


def wait_for(condition, what, timeout_s=WAIT_S):
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise Failure(f"no {what} in {timeout_s:g} s")
        time.sleep(0.002)


class Server:
    """The card API and the receivers, with one data set."""

    def __init__(self, tools, cards, customers_a_page, shape=""):
        self.cards = cards
        self.process = launch([f"{tools}/bench_server", str(cards), str(customers_a_page), *shape.split()],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ports = self.process.stdout.readline().split()
        if len(ports) != 2:
            raise Failure(f"bench_server has no ports: it ended with {self.process.wait()}, and said why above")
        self.url, self.hook_url = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}/hook"
        self.n_pages = self.state()["n_pages"]

    def get(self, path):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{self.url}{path}") as answer:
            return answer.read()

    def state(self):
        return json.loads(self.get("/bench/state"))

    def set(self, **keys):
        self.get("/bench/set?" + "&".join(f"{k}={v}" for k, v in keys.items()))

    def wait(self, counter, least, daemon):
        """Until so many were counted, as long as the daemon that is to make them lives."""
        def is_there():
            daemon.must_live()
            return self.state()[counter] >= least

        wait_for(is_there, f"{least} {counter} (there are {self.state()[counter]})")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Worker:
    """A process that does one round for each line that it is given, and says `done`."""

    def __init__(self, name, argv):
        self.name = name
        self.process = launch(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def run(self):
        """What a round costs."""
        before = cpu_ns(self.pid)
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        if not self.process.stdout.readline().startswith("done"):
            raise Failure(f"{self.name} did not do its round: it said why above")
        return settle(self.pid) - before

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Turns:
    """How long the turns of a daemon's loop took, in its own words."""

    def __init__(self, told):
        self.turns, self.longest_ms = told["turns"], told["longest_us"] / 1000
        self.long_cpu, self.longest_cpu_ms = told["above_5ms_cpu"], told["longest_cpu_us"] / 1000
        self.buckets = [(b["up_to_us"] / 1000 if b["up_to_us"] else None, b["turns"]) for b in told["buckets"]]
        self.long = sum(turns for up_to_ms, turns in self.buckets if up_to_ms is None or up_to_ms > 5)


class Daemon:
    """cardwatchd in a folder of its own; it polls when it is told to. What is text in `config` is YAML."""

    def __init__(self, programs, folder, config, env=None):
        self.programs, self.folder, self.env = programs, folder, env or {}
        os.makedirs(folder, exist_ok=True)
        self.config_path = os.path.join(folder, "cardwatch.yaml")
        config = {"store": {"sqlite": os.path.join(folder, "cardwatch.db")}, "control": {"socket": os.path.join(folder, "socket")},
                  **config}
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.writelines(f"{key}: {value if isinstance(value, str) else json.dumps(value)}\n" for key, value in config.items())
        os.chmod(self.config_path, 0o600)
        self.process = None

    def start(self):
        """When it was started, by the clock that the server stamps with."""
        log = open(os.path.join(self.folder, "daemon.log"), "ab")
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
        started = time.monotonic_ns()
        self.process = launch([f"{self.programs}/cardwatchd", "--config", self.config_path], stdin=subprocess.DEVNULL,
                              stdout=log, stderr=log, env={**keep, "TZ": "UTC", **self.env})
        log.close()
        self.pid = self.process.pid
        return started

    def start_and_poll(self, server, pages=None):
        have = server.state()["pages"]
        started = self.start()
        server.wait("pages", have + (pages or server.n_pages), self)
        settle(self.pid)
        return started

    def poll(self, server, pages=None, hooks=0):
        """What a poll costs, with all that follows from it."""
        have, before = server.state(), cpu_ns(self.pid)
        self.process.send_signal(signal.SIGUSR1)
        server.wait("pages", have["pages"] + (pages or server.n_pages), self)
        if hooks:
            server.wait("hooks", have["hooks"] + hooks, self)
        return settle(self.pid) - before

    def must_live(self):
        if self.process.poll() is not None:
            raise Failure(f"cardwatchd ended with {self.process.returncode}:\n{self.last_words()}")

    def last_words(self):
        with open(os.path.join(self.folder, "daemon.log"), encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-5:])

    def loop_turns(self):
        return Turns(self.status()["loop"])

    def status(self):
        told = subprocess.run([f"{self.programs}/cardwatch", "status", "--json", "--config", self.config_path],
                              capture_output=True, text=True, check=False)
        if told.returncode != 0:
            raise Failure(f"cardwatch status: {told.stderr}")
        return json.loads(told.stdout)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(WAIT_S) != 0:
            raise Failure(f"cardwatchd ended with {self.process.returncode}:\n{self.last_words()}")
        self.process = None

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
