# SPDX-License-Identifier: Apache-2.0
"""Receivers of messages: an HTTP hook that can misbehave, a real SMTP server, a real rsyslog, raw syslog sockets.

Each owns its listener and its threads or process, records what came in the order in which it came, and is closed by the
fixture that made it. Ports are picked by the kernel, so that tests run beside each other.
"""

import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import time

from aiosmtpd.controller import Controller

from daemon import WAIT_S, stays, wait_until


def free_port(kind=socket.SOCK_STREAM):
    """A port nobody listens on now. For programs that cannot be handed a listener; whoever uses it retries if it is lost."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


# HTTP


class Answer:
    """How the hook answers one request: well, unless told otherwise."""

    def __init__(self, status=204, headers=None, body=b"", delay_s=0, after=None, hang=False, drop=False, drip=False):
        self.status, self.headers, self.body = status, dict(headers or {}), body
        self.delay_s = delay_s  # before the answer
        self.after = after  # an event that the answer waits for
        self.hang = hang  # accepts and never says a word
        self.drop = drop  # closes without an answer
        self.drip = drip  # an answer without end, a byte at a time

    def __repr__(self):
        return f"Answer({self.status}, hang={self.hang}, drop={self.drop}, drip={self.drip})"


class Request:
    """One request as it came. `delivered` is whether it was answered with success."""

    def __init__(self, method, path, headers, body, answer):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.answer, self.at = answer, time.monotonic()

    @property
    def id(self):
        return self.headers.get("webhook-id")

    @property
    def json(self):
        # Amounts are strings; a number with a fraction would be an amount that is none.
        return json.loads(self.body, parse_float=_no_float, object_pairs_hook=_no_duplicates)

    @property
    def delivered(self):
        plain = not (self.answer.hang or self.answer.drop or self.answer.drip)
        return plain and 200 <= self.answer.status < 300

    def signature_is_good(self, secret):
        """Standard Webhooks: HMAC-SHA256 over "id.timestamp.body"."""
        key = base64.b64decode(secret[len("whsec_") :]) if secret.startswith("whsec_") else secret.encode()
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return expected in self.headers.get("webhook-signature", "").split()

    def __repr__(self):
        return f"{self.method} {self.path} {self.id} -> {self.answer}: {self.body[:300]!r}"


def _no_float(text):
    raise ValueError(f"a JSON number with a fraction: {text}")


def _no_duplicates(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError(f"a member twice: {[k for k, _ in pairs]}")
    return members


class Hook:
    """A strict HTTP receiver. `answers` are used up in order, then `default` answers everything."""

    def __init__(self, default=None):
        self.default = default or Answer()
        self.answers, self.requests, self.errors = [], [], []
        self._lock, self._closing = threading.Lock(), threading.Event()
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                hook._serve(self)

            do_GET = do_PUT = do_POST

            def do_CONNECT(self):
                hook._tunnel(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, client_address):
                pass  # a client that went away in the middle of our misbehaving

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/alerts"

    def answer(self, *answers):
        """What the next requests get."""
        with self._lock:
            self.answers += answers

    def _serve(self, handler):
        headers = {name.lower(): value for name, value in handler.headers.items()}
        length = headers.get("content-length", "")
        if not length.isdigit() or "transfer-encoding" in headers:
            self.errors.append(f"a body without Content-Length: {headers}")
        body = handler.rfile.read(int(length or 0))
        with self._lock:
            answer = self.answers.pop(0) if self.answers else self.default
            request = Request(handler.command, handler.path, headers, body, answer)
            self.requests.append(request)
        self._check(request)
        self._misbehave_or_answer(handler, answer)

    def _tunnel(self, handler):
        """This is no proxy."""
        handler.send_error(405)

    def _check(self, request):
        """What every request must be, whatever the test is about."""
        for name in ("webhook-id", "webhook-timestamp", "content-type"):
            if not request.headers.get(name):
                self.errors.append(f"no {name} in {request.headers}")
        try:
            message = request.json
            if message["version"] != 1 or message["counts"]["listed"] != len(message["alerts"]):
                self.errors.append(f"not the contract: {request!r}")
        except (ValueError, KeyError, TypeError) as error:
            self.errors.append(f"{error}: {request!r}")

    def _misbehave_or_answer(self, handler, answer):
        if answer.delay_s:
            self._closing.wait(answer.delay_s)
        if answer.after:
            answer.after.wait(WAIT_S)
        if answer.hang:
            self._closing.wait()
        if answer.hang or answer.drop:
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.drip:
            handler.close_connection = True
            handler.end_headers()
            while not self._closing.wait(0.05):
                handler.wfile.write(b"x" * 1024)
                handler.wfile.flush()
            return
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)

    @property
    def messages(self):
        """Bodies of what was delivered, each once: what a receiver that drops duplicates would have."""
        seen, bodies = set(), []
        for request in list(self.requests):
            if request.delivered and request.id not in seen:
                seen.add(request.id)
                bodies.append(request.json)
        return bodies

    def alerts(self, rule=None, state=None):
        """Entries of all messages, in order, of one rule and state."""
        return [a for m in self.messages for a in m["alerts"] if rule in (None, a["rule"]) and state in (None, a["state"])]

    def wait_for_requests(self, count, timeout_s=WAIT_S):
        wait_until(lambda: len(self.requests) >= count, lambda: f"{count} requests, only {self.requests}", timeout_s)
        return self.requests[:count]

    def wait_for_messages(self, count, timeout_s=WAIT_S):
        wait_until(lambda: len(self.messages) >= count, lambda: f"{count} messages, only {self.requests}", timeout_s)
        return self.messages[:count]

    def wait_for_alert(self, rule=None, state=None, count=1, timeout_s=WAIT_S):
        wait_until(lambda: len(self.alerts(rule, state)) >= count,
                   lambda: f"{count} x {rule} {state}, only {self.requests}", timeout_s)
        return self.alerts(rule, state)[count - 1]

    def stays_at(self, count, for_s):
        """No further message comes."""
        stays(lambda: len(self.messages) <= count, lambda: f"more than {count} messages: {self.requests[count:]}", for_s)

    def close(self):
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        # A body must come again unchanged under its id: that is what the id promises.
        bodies = {}
        for request in self.requests:
            if bodies.setdefault(request.id, request.body) != request.body:
                self.errors.append(f"two bodies under {request.id}")
        assert not self.errors, self.errors


# SMTP


class Mail:
    """One message as the server took it."""

    def __init__(self, sender, recipients, content):
        self.sender, self.recipients, self.content = sender, list(recipients), content
        self.message = email.message_from_bytes(content, policy=email.policy.default)

    @property
    def subject(self):
        return self.message["Subject"]

    @property
    def text(self):
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self):
        return self.message.get_body(("html",)).get_content()


class Smtp:
    """aiosmtpd on a free port. `replies` are used up for the DATA of messages, in order: "451 4.3.0 later" and the like."""

    def __init__(self):
        self.mails, self.refused, self.replies = [], [], []
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True, decode_data=False)
        self._controller.start()

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}"

    def reply(self, *replies):
        self.replies += replies

    async def handle_DATA(self, _server, _session, envelope):
        mail = Mail(envelope.mail_from, envelope.rcpt_tos, envelope.content)
        if self.replies:
            said = self.replies.pop(0)
            if not said.startswith("2"):
                self.refused.append(mail)
                return said
        self.mails.append(mail)
        return "250 2.0.0 taken"

    def wait_for_mails(self, count, timeout_s=WAIT_S):
        wait_until(lambda: len(self.mails) >= count,
                   lambda: f"{count} mails, only {[m.subject for m in self.mails]}", timeout_s)
        return self.mails[:count]

    def close(self):
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()


# Syslog

RSYSLOG_CONF = """
global(workDirectory="{folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="on")
module(load="imudp") module(load="imtcp") module(load="imuxsock" SysSock.Use="off")
template(name="lines" type="list" option.jsonf="on") {{
  property(outname="pri" name="pri" format="jsonf")
  property(outname="severity" name="syslogseverity" format="jsonf")
  property(outname="facility" name="syslogfacility" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="app" name="app-name" format="jsonf")
  property(outname="procid" name="procid" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
  property(outname="input" name="inputname" format="jsonf")
}}
ruleset(name="all") {{ action(type="omfile" file="{folder}/lines" template="lines") }}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="all")
input(type="imtcp" address="127.0.0.1" port="{tcp}" ruleset="all" SupportOctetCountedFraming="on")
input(type="imuxsock" Socket="{folder}/log.sock" CreatePath="off" UseSpecialParser="off" UsePIDFromSystem="off" ruleset="all")
"""


class Rsyslog:
    """The real rsyslogd, on a UDP and a TCP port and a unix socket of its own, writing what it understood as JSON lines."""

    def __init__(self, folder):
        self.program = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
        self.folder = os.path.join(str(folder), "rsyslog")
        os.makedirs(self.folder)
        self.process = None
        self.start()

    def start(self, udp=None, tcp=None):
        """On free ports, or on those it had before."""
        if os.path.exists(self.unix_path):
            os.unlink(self.unix_path)
        for _ in range(5):
            self.udp_port, self.tcp_port = udp or free_port(socket.SOCK_DGRAM), tcp or free_port()
            conf = os.path.join(self.folder, "rsyslog.conf")
            with open(conf, "w", encoding="utf-8") as file:
                file.write(RSYSLOG_CONF.format(folder=self.folder, udp=self.udp_port, tcp=self.tcp_port))
            with open(os.path.join(self.folder, "log"), "ab") as log:
                self.process = subprocess.Popen([self.program, "-n", "-f", conf, "-i", os.path.join(self.folder, "pid")],
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                wait_until(self._listens, "rsyslogd listening", 5)
                return
            except AssertionError:
                self.close()
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as log:
            raise AssertionError(f"rsyslogd does not start:\n{log.read()[-2000:]}")

    def _listens(self):
        if not os.path.exists(self.unix_path):
            return False
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.tcp_port)) == 0

    @property
    def udp(self):
        return f"udp://127.0.0.1:{self.udp_port}"

    @property
    def tcp(self):
        return f"tcp://127.0.0.1:{self.tcp_port}"

    @property
    def unix_path(self):
        return os.path.join(self.folder, "log.sock")

    @property
    def unix(self):
        return f"unix:{self.unix_path}"

    def records(self, msgid=None):
        """What rsyslog understood, in order. What it says about itself is left out."""
        try:
            with open(os.path.join(self.folder, "lines"), encoding="utf-8", errors="replace") as file:
                lines = [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []
        return [r for r in lines if not r["app"].startswith("rsyslogd") and msgid in (None, r["msgid"])]

    def wait_for_records(self, count, msgid=None, timeout_s=WAIT_S):
        wait_until(lambda: len(self.records(msgid)) >= count, lambda: f"{count} records, only {self.records()}", timeout_s)
        return self.records(msgid)[:count]

    def close(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None


class SyslogSocket:
    """Bytes as they came, for what rsyslog would mend: a UDP, TCP or unix datagram socket."""

    def __init__(self, kind, folder=None):
        self.kind, self.received, self._closing = kind, [], False
        if kind == "unix":
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.path = os.path.join(str(folder), "raw.sock")
            self.sock.bind(self.path)
            self.target = f"unix:{self.path}"
        else:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
            self.sock.bind(("127.0.0.1", 0))
            self.target = f"{kind}://127.0.0.1:{self.sock.getsockname()[1]}"
        if kind == "tcp":
            self.sock.listen()
        self.sock.settimeout(0.05)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._closing:
            try:
                if self.kind == "tcp":
                    self._read_stream(self.sock.accept()[0])
                else:
                    self.received.append(self.sock.recv(65536))
            except (TimeoutError, OSError):
                continue

    def _read_stream(self, peer):
        with peer:
            peer.settimeout(0.05)
            self.received.append(b"")
            while not self._closing:
                try:
                    chunk = peer.recv(65536)
                except TimeoutError:
                    continue
                if not chunk:
                    return
                self.received[-1] += chunk

    def frames(self):
        """Records; those of a stream are cut by their octet counts (RFC 6587)."""
        if self.kind != "tcp":
            return list(self.received)
        frames = []
        for stream in list(self.received):
            while b" " in stream:
                length, rest = stream.split(b" ", 1)
                if not length.isdigit():
                    raise AssertionError(f"no octet count before {stream[:60]!r}")
                if len(rest) < int(length):
                    break
                frames.append(rest[: int(length)])
                stream = rest[int(length) :]
        return frames

    def wait_for_frames(self, count, timeout_s=WAIT_S):
        wait_until(lambda: len(self.frames()) >= count, lambda: f"{count} records, only {self.received}", timeout_s)
        return self.frames()[:count]

    def close(self):
        self._closing = True
        self._thread.join(2)
        self.sock.close()
