# SPDX-License-Identifier: Apache-2.0
"""The simulator as a fixture: a real cardwatch-sim on a free port, and what tests like to say to it.

    with Simulator("--customers", "3", "--still") as sim:
        sim.set_card(1, available="99.99")
        sim.fault("list", "status", page=2, status=503, count=-1)
        sim.wait_for(lambda: len(sim.hooks()) >= 1)

Each instance owns its process and ends it, at the latest when Python ends.
"""

import atexit
import base64
import hashlib
import hmac
import http.client
import json
import os
import select
import signal
import struct
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

USERNAME = "demo@example.com"
PASSWORD = "demo"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"
API_KEY = "demo-api-key"

LIST = "/api/v1/customer/cards/byuser/list"
CUSTOMER = "/api/v1/customer/cards/byuser"
LOGIN = "/api/v1/public/auth/login"


def program(name):
    """Path of a built program: in $CARDWATCH_BIN, else where the dev preset builds."""
    directory = Path(os.environ.get("CARDWATCH_BIN") or REPOSITORY / "build" / "dev" / "bin")
    path = directory / name
    if not path.exists():
        raise FileNotFoundError(f"{path}: build it, or set CARDWATCH_BIN to the directory it is in")
    return str(path)


def totp(secret=TOTP_SECRET, at=None):
    """The one-time password of RFC 6238, so that tests judge the simulator by something else than its own library."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    counter = struct.pack(">Q", int(time.time() if at is None else at) // 30)
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def wait_for(condition, timeout=10.0, every=0.02, what=None):
    """The first true value of condition(); AssertionError when there is none in time."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}; last: {value!r}")
        time.sleep(every)


class Answer:
    """What came back: status, headers (names in lower case), body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Simulator:
    """A running cardwatch-sim. Arguments are its command line; it starts at once."""

    def __init__(self, *args, start=True):
        self.args = [str(arg) for arg in args]
        self.process = None
        self.url = None
        self.port = None
        if start:
            self.start()

    # Its life

    def start(self, *args):
        """Starts it on a free port and waits until it tells its address."""
        assert self.process is None, "it runs already"
        self.stderr_file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program("cardwatch-sim"), "--port", "0", *self.args, *[str(arg) for arg in args]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr_file)
        atexit.register(self.kill)
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        line = self.process.stdout.readline().decode().strip() if ready else ""
        if not line.startswith("http://"):
            self.kill()
            raise AssertionError(f"the simulator did not start: {line!r} {self.stderr()}")
        self.url = line
        self.port = urllib.parse.urlsplit(line).port
        return self

    def stderr(self):
        self.stderr_file.seek(0)
        return self.stderr_file.read().decode(errors="replace")

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, signum=signal.SIGTERM, timeout=10):
        """Ends it in good order; returns its exit status."""
        if self.process is None:
            return None
        if self.alive():
            self.process.send_signal(signum)
        try:
            status = self.process.wait(timeout)
        finally:
            self.kill()
        return status

    def close(self):
        """Ends it and holds it to account: it ran to the end and left in good order, with nothing from a sanitizer."""
        if self.process is None:
            return
        status = self.stop()
        assert status == 0, f"the simulator ended with {status}: {self.stderr()}"
        assert "Sanitizer" not in self.stderr(), self.stderr()

    def kill(self):
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None
            atexit.unregister(self.kill)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    # Talking to it

    def request(self, method, path, body=None, headers=None, timeout=30):
        """One request on a connection of its own. A body that is no bytes or text is sent as JSON."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body.encode() if isinstance(body, str) else body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, body=None, **kwargs):
        return self.request("POST", path, body, **kwargs)

    def delete(self, path, **kwargs):
        return self.request("DELETE", path, **kwargs)

    def do(self, path, body=None, method="POST"):
        """A control call that has to succeed; its answer's JSON."""
        answer = self.request(method, path, body)
        assert answer.status == 200, f"{method} {path} {body!r}: {answer}"
        return answer.json

    def api(self, path, **params):
        """GET of the card API with good credentials."""
        query = "?" + urllib.parse.urlencode(params) if params else ""
        return self.get(path + query, headers={"Authorization": API_KEY, "otp": totp()})

    def list(self, **params):
        return self.api(LIST, **params)

    # Its world

    def set_card(self, card, **fields):
        """Sets available, pending, total, currency, suppressed, cardNumber, raw={...}; customer=ID adds the card."""
        return self.do("/sim/card", {"card": card, **fields})

    def card(self, card):
        """The card as the API shows it now."""
        return self.do(f"/sim/card/{card}", method="GET")

    def set_customer(self, customer, **fields):
        """Adds or changes: reference=..., cards=[{"card": 1, ...}]."""
        return self.do("/sim/customer", {"customer": customer, **fields})

    def remove_card(self, card):
        return self.do(f"/sim/card/{card}", method="DELETE")

    def remove_customer(self, customer):
        return self.do(f"/sim/customer/{customer}", method="DELETE")

    def settings(self, **settings):
        return self.do("/sim/settings", settings)

    def set_clock(self, offset_ms):
        return self.do("/sim/clock", {"offset_ms": offset_ms})

    def expire_tokens(self):
        return self.do("/sim/tokens/expire")

    def unlock(self):
        return self.do("/sim/unlock")

    # What goes wrong

    def fault(self, endpoint, kind, **parameters):
        """Puts a fault in force; its id."""
        return self.do("/sim/fault", {"endpoint": endpoint, "kind": kind, **parameters})["id"]

    def faults(self):
        return self.do("/sim/faults", method="GET")

    def clear_faults(self):
        return self.do("/sim/faults", method="DELETE")

    # What it saw

    def state(self):
        return self.do("/sim/state", method="GET")

    def polls(self):
        return self.state()["polls"]

    def hooks(self, since=0, path=None, accepted=True):
        """Posts to the sink, oldest first: {n, at, status, path, headers, body}. Not accepted ones only if asked for."""
        posts = self.do(f"/sim/hooks?since={since}", method="GET")
        return [post for post in posts
                if (not accepted or 200 <= post["status"] < 300) and (path is None or post["path"] == path)]

    def messages(self, **which):
        """The same, their bodies read as JSON."""
        return [json.loads(post["body"]) for post in self.hooks(**which)]

    def clear_hooks(self):
        return self.do("/sim/hooks", method="DELETE")

    def wait_for(self, condition, timeout=10.0, what=None):
        return wait_for(condition, timeout, what=what)

    def wait_for_polls(self, more=1, timeout=10.0):
        """Until so many more polls began."""
        wanted = self.polls() + more
        return wait_for(lambda: self.polls() >= wanted, timeout, what=f"{more} more polls")
