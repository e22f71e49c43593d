# SPDX-License-Identifier: Apache-2.0
"""How the API is reached: TLS with its own authorities and certificates, proxies, names, compression, HTTP/2."""

import base64
import gzip
import http.client
import http.server
import json
import os
import select
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.parse

import pytest

from configs import config, key, source, webhook
from daemon import programs, sanitized, stays, wait_until
from messages import helps
from simulator import API_KEY


def page(available):
    card = {"id": 1, "currency": "usd", "totalBalance": available, "availableBalance": available, "pendingBalance": 0,
            "bSuppressed": False}
    return json.dumps({"id": 0, "details": [{"customersId": 11001, "customersReference": "acme-1", "cards": [card]}],
                       "pageSize": 10, "pageNumber": 1, "numberOfPages": 1, "status": "1", "errors": []}).encode()


class Server(socketserver.ThreadingTCPServer):
    """Accepts on a free port, over TLS if given a context, until it is closed."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, handler, tls=None):
        self.tls, self.handshakes, self.failures = tls, [], []
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def finish_request(self, request, client_address):
        if self.tls:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except (ssl.SSLError, OSError) as error:
                self.failures.append(str(error))
                return
            self.handshakes.append((request.version(), request.selected_alpn_protocol(), request.getpeercert()))
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass  # a client that went away

    def close(self):
        self.shutdown()
        self.server_close()


class Api(http.server.BaseHTTPRequestHandler):
    """One page with one card, compressed for whoever takes that."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.requests = getattr(server, "requests", [])
        server.requests.append((self.path, dict(self.headers)))
        body = page(getattr(server, "available", 600))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Proxy(http.server.BaseHTTPRequestHandler):
    """Forwards GET and opens tunnels with CONNECT; its server's `asked` remembers for whom."""

    protocol_version = "HTTP/1.1"

    def remember(self):
        self.server.asked = getattr(self.server, "asked", [])
        self.server.asked.append((self.command, self.path, self.headers.get("Proxy-Authorization"), dict(self.headers)))

    def do_GET(self):
        self.remember()
        url = urllib.parse.urlsplit(self.path)
        to = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
        to.request("GET", f"{url.path}?{url.query}", headers=dict(self.headers))
        answer = to.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name in ("Content-Type", "Content-Encoding", "Date"):
            if answer.headers[name]:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        self.remember()
        host, port = self.path.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 5) as peer:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pairs = {self.connection: peer, peer: self.connection}
            while True:
                for ready in select.select(list(pairs), [], [])[0]:
                    data = ready.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    pairs[ready].sendall(data)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, a certificate for 127.0.0.1, one for another host, and one for a client, made anew."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=Test authority", "-addext", "basicConstraints=critical,CA:TRUE")
    for name, subject in (("server", "IP:127.0.0.1"), ("other", "DNS:other.example.com"), ("client", "DNS:client.example.com")):
        (folder / f"{name}.ext").write_text(f"subjectAltName={subject}\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key", "-out",
                f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-out", f"{name}.pem",
                "-extfile", f"{name}.ext")
        os.chmod(folder / f"{name}.key", 0o600)
    return folder


@pytest.fixture
def make_server(closer):
    return lambda *args: closer(Server(*args))


@pytest.fixture
def make_tls(certificates):
    def make(name="server", **attributes):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
        for attribute, value in attributes.items():
            setattr(context, attribute, value)
        return context

    return make


def over(scheme, server, host="127.0.0.1", **keys):
    return {"name": "main", "url": f"{scheme}://{host}:{server.port}", "auth": key(), "every": "100ms", "timeout": "3s",
            "retries": 0, "stale_after": 1000, **keys}


AFTER_1 = {"source-down": {"after": 1}}


def test_an_own_authority(certificates, make_tls, make_server, hook, make_daemon):
    api = make_server(Api, make_tls())
    daemon = make_daemon(config(over("https", api, tls={"ca": str(certificates / "ca.pem")}), webhook(hook)))
    daemon.wait_for_polls(3, "complete")
    assert [version for version, _, _ in api.handshakes] == ["TLSv1.3"]  # and its connection is kept
    path, headers = api.requests[0]
    assert path.startswith("/api/v1/customer/cards/byuser/list?") and headers["Authorization"] == API_KEY
    assert "gzip" in headers["Accept-Encoding"]  # what came compressed was read: the polls are complete
    api.available = 50
    hook.wait_for_alert("low", "firing")


@pytest.mark.parametrize("name, ca, words", [("server", False, "certificate"), ("other", True, "127.0.0.1")],
                         ids=["an-unknown-authority", "another-host's-certificate"])
def test_who_cannot_be_trusted_gets_nothing(certificates, make_tls, make_server, hook, make_daemon, name, ca, words):
    api = make_server(Api, make_tls(name))
    tls = {"tls": {"ca": str(certificates / "ca.pem")}} if ca else {}
    make_daemon(config(over("https", api, **tls), webhook(hook), builtin=AFTER_1))
    helps(hook.wait_for_alert("source-down", "firing"), None, "no TLS with", words)
    assert not hasattr(api, "requests")


def test_a_certificate_of_our_own(certificates, make_tls, make_server, hook, make_daemon):
    context = make_tls(verify_mode=ssl.CERT_REQUIRED)
    context.load_verify_locations(certificates / "ca.pem")
    api = make_server(Api, context)
    ca = {"ca": str(certificates / "ca.pem")}
    daemon = make_daemon(config(over("https", api, tls=ca), webhook(hook), builtin=AFTER_1))
    hook.wait_for_alert("source-down", "firing")
    assert not hasattr(api, "requests")
    own = {**ca, "cert": str(certificates / "client.pem"), "key": str(certificates / "client.key")}
    daemon.hup(config(over("https", api, tls=own), webhook(hook), builtin=AFTER_1))
    hook.wait_for_alert("source-down", "resolved")
    assert dict(part[0] for part in api.handshakes[-1][2]["subject"])["commonName"] == "client"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("version, taken", [(ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_1, False)], ids=["1.2", "1.1"])
def test_tls_1_2_is_the_least(certificates, make_tls, make_server, hook, make_daemon, version, taken):
    context = make_tls()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    api = make_server(Api, context)
    daemon = make_daemon(config(over("https", api, tls={"ca": str(certificates / "ca.pem")}), webhook(hook), builtin=AFTER_1))
    if taken:
        daemon.wait_for_polls(2, "complete")
        assert api.handshakes[0][0] == "TLSv1.2"
    else:
        helps(hook.wait_for_alert("source-down", "firing"), None, "no TLS with")
        assert api.handshakes == [] and api.failures


def test_http_2_is_used_when_offered(certificates, make_tls, make_server, hook, make_daemon):
    """The server speaks none: what it is sent after that choice begins as HTTP/2 does (RFC 9113, 3.4)."""
    preface = []

    class Listens(socketserver.BaseRequestHandler):
        def handle(self):
            preface.append(self.request.recv(24))

    context = make_tls()
    context.set_alpn_protocols(["h2", "http/1.1"])
    api = make_server(Listens, context)
    make_daemon(config(over("https", api, tls={"ca": str(certificates / "ca.pem")}), webhook(hook)))
    wait_until(lambda: preface, "a request")
    assert api.handshakes[0][1] == "h2" and preface[0] == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.mark.parametrize("configured", [False, True], ids=["environment", "configuration"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy(certificates, make_tls, make_server, hook, make_daemon, scheme, configured):
    api, proxy = make_server(Api, make_tls() if scheme == "https" else None), make_server(Proxy)
    tls = {"tls": {"ca": str(certificates / "ca.pem")}} if scheme == "https" else {}
    address = f"http://user:secret@127.0.0.1:{proxy.port}"
    env = {f"{scheme}_proxy": "http://127.0.0.1:1" if configured else address}
    if configured:
        tls["proxy"] = address
    daemon = make_daemon(config(over(scheme, api, **tls), webhook(hook)), env=env)
    daemon.wait_for_polls(2, "complete")
    command, path, authorization, headers = proxy.asked[0]
    assert authorization == "Basic " + base64.b64encode(b"user:secret").decode()
    if scheme == "https":
        assert (command, path) == ("CONNECT", f"127.0.0.1:{api.port}")
        assert "otp" not in headers and "Authorization" not in headers  # those are for the other end
        assert len(proxy.asked) == 1  # one tunnel serves all polls
    else:
        assert (command, path.split("?")[0]) == ("GET", f"http://127.0.0.1:{api.port}/api/v1/customer/cards/byuser/list")
    assert "secret" not in daemon.log_text()


def test_a_proxy_that_is_not_there(make_server, hook, make_daemon):
    api, proxy = make_server(Api), make_server(Proxy)
    proxy.close()
    make_daemon(config(over("http", api), webhook(hook)), env={"http_proxy": f"http://127.0.0.1:{proxy.port}"})
    stays(lambda: not hasattr(api, "requests"), "nothing goes around the proxy", 0.5)


def test_a_name_that_does_not_resolve(make_server, hook, make_daemon):
    api = make_server(Api)
    daemon = make_daemon(config(over("http", api, "no-such-host.invalid"), webhook(hook), builtin=AFTER_1))
    helps(hook.wait_for_alert("source-down", "firing"), None, "no-such-host.invalid")
    daemon.hup(config(over("http", api), webhook(hook), builtin=AFTER_1))
    hook.wait_for_alert("source-down", "resolved")


@pytest.mark.skipif(sanitized(), reason="a sanitizer wants to be the first library")
def test_a_resolver_that_hangs(sim, make_server, hook, make_daemon):
    """It costs its own source a time-out a poll, and nobody else anything: the daemon's end does not wait for it either."""
    library = os.path.join(os.path.dirname(programs()), "lib", "silent_resolver.so")
    silent = over("http", make_server(Api), "silent.test", timeout="400ms")
    well = source(sim, name="well", every="100ms")
    daemon = make_daemon(config([silent, well], webhook(hook), builtin=AFTER_1), env={"LD_PRELOAD": library})
    helps(hook.wait_for_alert("source-down", "firing", timeout_s=15), None, "silent.test")
    sim.set_card(1, available="50")
    began = time.monotonic()
    hook.wait_for_alert("low", "firing")
    assert time.monotonic() - began < 15  # who waited for that resolver would need 20
    starts = [line["time"] for line in daemon.log_lines("poll-ended", source="well")]
    assert len(starts) > 3, starts
    began = time.monotonic()
    assert daemon.terminate() == 0
    assert time.monotonic() - began < 15
