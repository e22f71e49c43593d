# SPDX-License-Identifier: Apache-2.0
"""Receivers that wake people: a strict PagerDuty, the real Alertmanager, and a command."""

import json
import os
import shutil
import stat
import subprocess
import urllib.request

import pytest

from daemon import WAIT_S, wait_until
from receivers import Answer, Hook, free_port


class PagerDuty(Hook):
    """The Events API v2 as documented: what it would refuse is an error of the test; incidents open and close by their keys."""

    KEY = "0123456789abcdef0123456789abcdef"

    def __init__(self):
        super().__init__(Answer(202, body=b'{"status":"success","message":"Event processed","dedup_key":"x"}'))

    def notifier(self, name="pd", **keys):
        return {"name": name, "type": "pagerduty", "routing_key": f"plain:{self.KEY}", "url": self.url[: -len("/alerts")],
                "timeout": "5s", **keys}

    def _check(self, request):
        try:
            assert request.method == "POST" and request.path == "/v2/enqueue"
            assert request.headers["content-type"] == "application/json"
            assert len(request.body) < 512 * 1024
            event = request.json
            assert event["routing_key"] == self.KEY and event["event_action"] in ("trigger", "resolve")
            assert 0 < len(event["dedup_key"]) <= 255
            assert set(event) <= {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"}
            if event["event_action"] == "trigger":
                self._check_payload(event["payload"])
        except (AssertionError, ValueError, KeyError, TypeError) as error:
            self.errors.append(f"{error!r}: {request!r}")
        request.headers["webhook-id"] = len(self.requests)  # what comes again may say something else since

    @staticmethod
    def _check_payload(payload):
        assert {"summary", "source", "severity"} <= set(payload)
        assert set(payload) <= {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"}
        assert 0 < len(payload["summary"]) <= 1024 and payload["source"]
        assert payload["severity"] in ("critical", "error", "warning", "info")

    def events(self, action=None):
        events = [r.json for r in list(self.requests) if r.delivered]
        return [e for e in events if action in (None, e["event_action"])]

    def open_incidents(self):
        """By key, what each was opened with."""
        incidents = {}
        for event in self.events():
            if event["event_action"] == "trigger":
                incidents.setdefault(event["dedup_key"], event["payload"])
            else:
                incidents.pop(event["dedup_key"], None)
        return incidents

    def wait_for_events(self, count, action=None, timeout_s=WAIT_S):
        wait_until(lambda: len(self.events(action)) >= count, lambda: f"{count} x {action}, only {self.requests}", timeout_s)
        return self.events(action)[:count]


class Alertmanager:
    """The real one of Debian. Skips the test where it is not installed."""

    def __init__(self, folder):
        self.program = shutil.which("prometheus-alertmanager")
        if not self.program:
            pytest.skip("prometheus-alertmanager is not installed (packaging/setup installs it)")
        self.folder = os.path.join(str(folder), "alertmanager")
        os.makedirs(self.folder)
        with open(os.path.join(self.folder, "conf.yml"), "w", encoding="utf-8") as file:
            file.write("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        self.port, self.process = free_port(), None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def notifier(self, name="am", **keys):
        return {"name": name, "type": "alertmanager", "url": self.url, "timeout": "5s", **keys}

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [self.program, f"--config.file={self.folder}/conf.yml", f"--storage.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._is_ready, "Alertmanager being ready", 20)

    def _get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return answer.read()

    def _is_ready(self):
        try:
            return bool(self._get("/-/ready"))
        except OSError:
            return False

    def alerts(self, **labels):
        """What it takes as firing now, of these labels."""
        alerts = json.loads(self._get("/api/v2/alerts"))
        return [a for a in alerts if all(a["labels"].get(n) == v for n, v in labels.items())]

    def wait_for_alerts(self, count, timeout_s=WAIT_S, **labels):
        wait_until(lambda: len(self.alerts(**labels)) == count, lambda: f"{count} alerts, but {self.alerts()}", timeout_s)
        return self.alerts(**labels)

    def close(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


class Command:
    """A command that writes down what it was given, and ends as it is told: `then` is a line of shell."""

    def __init__(self, folder, then="exit 0"):
        self.folder = os.path.join(str(folder), "command")
        os.makedirs(self.folder)
        self.path = os.path.join(self.folder, "tell")
        self.ends(then)

    def ends(self, then):
        new = self.path + ".new"
        with open(new, "w", encoding="utf-8") as file:
            file.write(f"""#!/bin/sh
cd {self.folder} || exit 99
umask 077
cat >$$.body
env >$$.env
printf '%s\\n' "$@" >$$.args
mv $$.body $$-$CARDWATCH_ID.json
{then}
""")
        os.chmod(new, stat.S_IRWXU)
        os.rename(new, self.path)

    def notifier(self, *args, name="script", **keys):
        return {"name": name, "type": "exec", "command": [self.path, *args], "timeout": "5s", **keys}

    def runs(self):
        """(environment, arguments, message) of each, the oldest first."""
        runs = []
        names = [n for n in os.listdir(self.folder) if n.endswith(".json")]
        for name in sorted(names, key=lambda n: os.stat(os.path.join(self.folder, n)).st_mtime_ns):
            pid = name.split("-")[0]
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                message = json.load(file)
            with open(os.path.join(self.folder, f"{pid}.env"), encoding="utf-8") as file:
                env = dict(line.rstrip("\n").split("=", 1) for line in file)
            with open(os.path.join(self.folder, f"{pid}.args"), encoding="utf-8") as file:
                runs.append((env, file.read().splitlines(), message))
        return runs

    def wait_for_runs(self, count, timeout_s=WAIT_S):
        wait_until(lambda: len(self.runs()) >= count, lambda: f"{count} runs, only {self.runs()}", timeout_s)
        return self.runs()[:count]
