# SPDX-License-Identifier: Apache-2.0
"""The real programs as objects: a Daemon that is started, signalled, killed and looked into, and the cardwatch command.

Everything a daemon owns lies in one folder (configuration, store, log), so that a test reads as what happens to it. A Daemon
whose test is over must have ended well: exit status 0 and nothing from a sanitizer.
"""

import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import time

SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error:|SUMMARY: \w+Sanitizer|Assertion `.*' failed")

# Where the daemon has read everything it remembers and begins to poll.
READY = "started"

WAIT_S = 20.0


def programs():
    """The folder of the programs under test."""
    folder = os.environ.get("CARDWATCH_BIN")
    if not folder:
        raise RuntimeError("CARDWATCH_BIN is not set: run these tests with ctest, or say where the programs are")
    return folder


def program(name):
    path = os.path.join(programs(), name)
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path} is not there: build first")
    return path


def sanitized():
    """Whether the programs carry a sanitizer: what looks into memory has no use for those."""
    with open(program("cardwatch-sim"), "rb") as file:
        return b"__asan_init" in file.read()


def wait_until(condition, what, timeout_s=WAIT_S):
    """The first true value of `condition()`; fails saying what did not come. `what` may be a function."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"after {timeout_s:g} s still no: {what() if callable(what) else what}")
        time.sleep(0.02)


def stays(condition, what, for_s):
    """Fails as soon as `condition()` is no longer true within `for_s`."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert condition(), what() if callable(what) else what
        time.sleep(0.02)


def seconds(text):
    """A time as messages and logs write it."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def write_config(path, config):
    """A mapping is written as JSON, which is YAML; a text as it is."""
    text = config if isinstance(config, str) else json.dumps(config, indent=2) + "\n"
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(temporary, 0o600)
    os.replace(temporary, path)


def environment(extra=None):
    """What a program of ours is started with: no configuration of the machine, no proxy, sanitizers that speak up."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "CARDWATCH_DECODER")}
    kept["TZ"] = "UTC"
    kept.update(extra or {})
    return kept


class Daemon:
    """cardwatchd with a folder of its own. `config` is a mapping or YAML text; `env` are further variables."""

    def __init__(self, folder, config, env=None, args=()):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.config_path = os.path.join(self.folder, "cardwatch.yaml")
        self.log_path = os.path.join(self.folder, "daemon.log")
        self.env, self.args = dict(env or {}), list(args)
        self.process = None
        self.expected_exit = 0
        self._log_start = 0
        self.configure(config)

    # Starting

    def configure(self, config):
        """Writes the file; a running daemon looks at it only when told (hup). A mapping need not say where its store lies."""
        if isinstance(config, dict):
            config = {"log": {"level": "debug", "format": "json"}, "control": {"socket": "none"},
                      "store": {"sqlite": os.path.join(self.folder, "cardwatch.db")}, **config}
        self.config = config
        write_config(self.config_path, config)

    @property
    def store_path(self):
        return self.config["store"]["sqlite"] if isinstance(self.config, dict) else os.path.join(self.folder, "cardwatch.db")

    def start(self, wait_for=READY, env=None):
        """Starts it and waits for an event in its log; None does not wait."""
        assert self.process is None, "it runs already"
        self.expected_exit = 0
        with open(self.log_path, "ab") as log:
            self._log_start = log.tell()
            self.process = subprocess.Popen([program("cardwatchd"), *self.args, "-c", self.config_path], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.folder,
                                            env=environment({**self.env, **(env or {})}))
        if wait_for:
            self.wait_for_event(wait_for)
        return self

    def once(self, timeout_s=WAIT_S):
        """`cardwatchd --once`: its exit status."""
        with open(self.log_path, "ab") as log:
            self._log_start = log.tell()
            done = subprocess.run([program("cardwatchd"), *self.args, "--once", "-c", self.config_path],
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                                  env=environment(self.env), timeout=timeout_s, check=False)
        self.check_sanitizers()
        return done.returncode

    # What it says

    def log_text(self, all_runs=False):
        """What was logged since the last start, or since the first."""
        try:
            with open(self.log_path, "rb") as file:
                file.seek(0 if all_runs else self._log_start)
                return file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return ""

    def log_lines(self, event=None, all_runs=False, **fields):
        """The log's lines as mappings (the configuration says `format: json`), of one event (or some), with these values."""
        lines = []
        for text in self.log_text(all_runs).splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and (event is None or line.get("event") in ((event,) if isinstance(event, str) else event)):
                if all(str(line.get(k)) == str(v) for k, v in fields.items()):
                    lines.append(line)
        return lines

    def wait_for_event(self, event, count=1, timeout_s=WAIT_S, **fields):
        """The `count`th line of that event since the last start."""

        def found():
            lines = self.log_lines(event, **fields)
            if len(lines) >= count:
                return lines[count - 1]
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(f"cardwatchd ended with {self.process.returncode} before {event}:\n{self.log_text()}")
            return None

        return wait_until(found, lambda: f"{count} x {event} {fields or ''} in\n{self.log_text()[-4000:]}", timeout_s)

    def polls(self, result=None):
        """Ends of polls since the last start."""
        return self.log_lines("poll-ended", **({"result": result} if result else {}))

    def wait_for_polls(self, count=2, result=None, timeout_s=WAIT_S):
        """So many further polls have ended: whatever was set before has been seen by a whole poll when count is 2."""
        have = len(self.polls(result))
        wait_until(lambda: len(self.polls(result)) >= have + count,
                   lambda: f"{count} further polls {result or ''} in\n{self.log_text()[-4000:]}", timeout_s)

    # What happens to it

    def running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def hup(self, config=None, wait_for="reloaded"):
        """Reload, with a new configuration if one is given."""
        if config is not None:
            self.configure(config)
        have = len(self.log_lines(wait_for)) if wait_for else 0
        self.signal(signal.SIGHUP)
        if wait_for:
            self.wait_for_event(wait_for, have + 1)

    def poll_now(self):
        self.signal(signal.SIGUSR1)

    def wait_exit(self, timeout_s=WAIT_S):
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"cardwatchd did not end in {timeout_s:g} s:\n{self.log_text()[-4000:]}") from None
        finally:
            if self.process.poll() is not None:
                self.process = None

    def terminate(self, timeout_s=WAIT_S):
        """TERM: drains and ends; its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait_exit(timeout_s)

    def kill9(self):
        self.signal(signal.SIGKILL)
        return self.wait_exit()

    def restart(self, wait_for=READY):
        assert self.terminate() == 0
        return self.start(wait_for)

    # When the test is over

    def check_sanitizers(self):
        match = SANITIZER.search(self.log_text(all_runs=True))
        assert not match, f"{match.group(0)} in\n{self.log_text(all_runs=True)[match.start():][:6000]}"

    def close(self):
        """Ends it if it runs, and holds it to having ended well."""
        if self.process is not None:
            try:
                status = self.terminate() if self.running() else self.wait_exit()
            except AssertionError:
                self.process.kill()
                self.process.wait()
                raise
            assert status == self.expected_exit, f"cardwatchd ended with {status}:\n{self.log_text()[-4000:]}"
        self.check_sanitizers()

    # Looking into what it leaves

    def memory_kb(self):
        """Resident memory at its highest."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))

    def store_bytes(self):
        """Every byte of the database and its journals."""
        content = b""
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self.store_path + suffix):
                with open(self.store_path + suffix, "rb") as file:
                    content += file.read()
        return content

    def core_bytes(self):
        """The memory of the running process, or None where no debugger may look."""
        gcore = shutil.which("gcore")
        if gcore is None or sanitized():
            return None
        prefix = os.path.join(self.folder, "core")
        done = subprocess.run([gcore, "-o", prefix, str(self.process.pid)], capture_output=True, check=False)
        path = f"{prefix}.{self.process.pid}"
        if done.returncode != 0 or not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            content = file.read()
        os.unlink(path)
        return content


def ctl(*args, env=None, cwd=None, timeout_s=60, program_name="cardwatch"):
    """Runs a command to its end: a CompletedProcess with texts. A sanitizer's report is a failure of the test."""
    done = subprocess.run([program(program_name), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, cwd=cwd,
                          env=environment(env), timeout=timeout_s, check=False)
    done.stdout = done.stdout.decode("utf-8", "replace")
    done.stderr = done.stderr.decode("utf-8", "replace")
    assert not SANITIZER.search(done.stderr), done.stderr
    return done
