# SPDX-License-Identifier: Apache-2.0
"""RFC 5425: syslog over TLS to the real rsyslog, and to servers that are not who they should be."""

import os
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from configs import config, source, syslog, webhook
from daemon import wait_until
from receivers import Rsyslog, free_port
from test_connections import certificates  # noqa: F401: a fixture

CONF = """
global(workDirectory="{folder}" maxMessageSize="64k" DefaultNetstreamDriver="ossl"
       DefaultNetstreamDriverCAFile="{certificates}/ca.pem" DefaultNetstreamDriverCertFile="{certificates}/server.pem"
       DefaultNetstreamDriverKeyFile="{certificates}/server.key")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="{auth}")
template(name="lines" type="list" option.jsonf="on") {{
  property(outname="app" name="app-name" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
}}
ruleset(name="all") {{ action(type="omfile" file="{folder}/lines" template="lines") }}
input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="all" SupportOctetCountedFraming="on")
"""


class TlsRsyslog(Rsyslog):
    """rsyslogd with OpenSSL. `auth` is what it wants of clients: anon, or x509/certvalid."""

    def __init__(self, folder, certificates, auth):  # pylint: disable=redefined-outer-name
        if not any(os.path.exists(f"/usr/lib/{d}/rsyslog/lmnsd_ossl.so") for d in os.listdir("/usr/lib")):
            pytest.skip("rsyslog-openssl is not installed (packaging/setup installs it)")
        self.certificates, self.auth = certificates, auth
        super().__init__(folder)

    def start(self, udp=None, tcp=None):
        self.program = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
        self.tcp_port = tcp or free_port()
        conf = os.path.join(self.folder, "rsyslog.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(CONF.format(folder=self.folder, certificates=self.certificates, auth=self.auth, port=self.tcp_port))
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen([self.program, "-n", "-f", conf, "-i", os.path.join(self.folder, "pid")],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(self._listens, "rsyslogd listening", 10)

    def _listens(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.tcp_port)) == 0

    @property
    def tls(self):
        return f"tls://127.0.0.1:{self.tcp_port}"


@pytest.fixture
def make_rsyslog(closer, tmp_path, certificates):
    return lambda auth="anon": closer(TlsRsyslog(tmp_path, certificates, auth))


class TlsSocket:
    """The bytes of each connection as they came, over TLS; `greet=False` never says a word."""

    def __init__(self, context, greet=True):
        self.context, self.greet, self.streams, self.failures, self._closing = context, greet, [], [], False
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(0.05)
        self.port = self.sock.getsockname()[1]
        self._threads = [threading.Thread(target=self._run, daemon=True)]
        self._threads[0].start()

    def _run(self):
        while not self._closing:
            try:
                peer = self.sock.accept()[0]
            except OSError:
                continue
            self._threads.append(threading.Thread(target=self._serve, args=(peer,), daemon=True))
            self._threads[-1].start()

    def _serve(self, peer):
        peer.settimeout(0.05 if not self.greet else 5)
        stream = bytearray()
        self.streams.append(stream)
        with peer:
            while not self.greet and not self._closing:
                threading.Event().wait(0.05)
            if not self.greet:
                return
            try:
                with self.context.wrap_socket(peer, server_side=True) as tls:
                    tls.settimeout(0.05)
                    while not self._closing:
                        try:
                            chunk = tls.recv(65536)
                        except TimeoutError:
                            continue
                        if not chunk:
                            return
                        stream += chunk
            except OSError as error:
                self.failures.append(str(error))

    def close(self):
        self._closing = True
        for thread in self._threads:
            thread.join(5)
        self.sock.close()


@pytest.fixture
def make_socket(closer, certificates):
    def make(name="server", client=False, newest=ssl.TLSVersion.TLSv1_3, **keys):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
        context.maximum_version = newest
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(certificates / "ca.pem")
        return closer(TlsSocket(context, **keys))

    return make


def over_tls(port, certificates, client=False, host="127.0.0.1", **keys):
    tls = {"ca": str(certificates / "ca.pem")}
    if client:
        tls.update(cert=str(certificates / "client.pem"), key=str(certificates / "client.key"))
    return syslog(f"tls://{host}:{port}", tls=tls, **keys)


@pytest.mark.parametrize("auth", ["anon", "x509/certvalid"])
def test_rsyslog_takes_every_alert(sim, make_rsyslog, make_daemon, certificates, auth):
    rsyslog = make_rsyslog(auth)
    daemon = make_daemon(config(source(sim), over_tls(rsyslog.tcp_port, certificates, client=auth != "anon")))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    (record,) = rsyslog.wait_for_records(1, "low")
    assert 'card="1"' in record["data"] and "99.99 USD" in record["msg"]
    sim.set_card(1, available="600")
    rsyslog.wait_for_records(2, "low")
    # The connection is kept; where it broke meanwhile the record goes over a new one.
    rsyslog.close()
    rsyslog.start(tcp=rsyslog.tcp_port)
    sim.set_card(1, available="99.99")
    rsyslog.wait_for_records(3, "low")
    daemon.terminate()


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_one_connection_carries_frames(sim, make_socket, make_daemon, certificates, newest):
    receiver = make_socket(newest=newest)
    make_daemon(config(source(sim), over_tls(receiver.port, certificates)))
    sim.wait_for_polls(2)
    for available in ("99.99", "600", "50", "600"):
        before = sum(map(len, receiver.streams))
        sim.set_card(1, available=available)
        wait_until(lambda: sum(map(len, receiver.streams)) > before, "another record")
    (stream,) = receiver.streams
    rest, n = bytes(stream), 0
    while rest:
        length, rest = rest.split(b" ", 1)
        assert rest.startswith(b"<") and len(rest) >= int(length)
        rest, n = rest[int(length):], n + 1
    assert n == 4


@pytest.mark.parametrize("name, host, trusted, words", [
    ("other", "127.0.0.1", True, "certificate is refused: IP address mismatch"),
    ("server", "localhost", True, "certificate is refused: hostname mismatch"),
    ("server", "127.0.0.1", False, "certificate is refused: "),
])
def test_who_is_not_who_it_should_be_gets_nothing(sim, make_socket, make_daemon, certificates, name, host, trusted, words):
    receiver = make_socket(name)
    notifier = over_tls(receiver.port, certificates, host=host)
    if not trusted:
        del notifier["tls"]
    daemon = make_daemon(config(source(sim), notifier))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    assert words in daemon.wait_for_event("message-failed")["reason"]
    assert not any(receiver.streams)


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_to_know_us(sim, make_socket, make_daemon, certificates, newest):
    """Refused before anything is counted as delivered, also in TLS 1.3 where that comes after our part is done."""
    receiver = make_socket(client=True, newest=newest)
    daemon = make_daemon(config(source(sim), over_tls(receiver.port, certificates)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    failed = daemon.wait_for_event("message-failed")
    assert "TLS: " in failed["reason"] or "closed by the peer" in failed["reason"]
    assert not daemon.log_lines("message-delivered")
    daemon.hup(config(source(sim), over_tls(receiver.port, certificates, client=True)))
    daemon.wait_for_event("message-delivered")
    assert any(b"99.99" in s for s in receiver.streams)


def test_a_server_that_never_greets(sim, hook, make_socket, make_daemon, certificates):
    receiver = make_socket(greet=False)
    daemon = make_daemon(config(source(sim), [over_tls(receiver.port, certificates, timeout="500ms"), webhook(hook)]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_alert("low", "firing")
    assert "not taken in time" in daemon.wait_for_event("message-failed")["reason"]


def test_files_that_cannot_be_used(sim, make_socket, make_daemon, certificates):
    receiver = make_socket()
    notifier = over_tls(receiver.port, certificates, client=True)
    notifier["tls"]["key"] = str(certificates / "server.key")
    daemon = make_daemon(config(source(sim), notifier))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    assert "the client's key cannot be used" in daemon.wait_for_event("message-failed")["reason"]
