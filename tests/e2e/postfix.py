# SPDX-License-Identifier: Apache-2.0
"""The real Postfix, with STARTTLS and a log-in, a greylist of its own and mailboxes in files.

It runs from a folder that its unprivileged processes may enter, which a test's own folder is not, and knows nothing of the
system's configuration. Needs root, as Postfix does.
"""

import email
import email.policy
import mailbox
import os
import pwd
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading

import pytest

from daemon import WAIT_S, wait_until
from receivers import free_port

USER, PASSWORD, REALM = "cardwatch", "the-mail-password", "mail.test"

MAIN = """
compatibility_level = 3.6
config_directory = {folder}/etc
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
myhostname = {realm}
mydestination =
mynetworks =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
biff = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificates}/server.pem
smtpd_tls_key_file = {certificates}/server.key
smtpd_tls_auth_only = yes
smtpd_tls_received_header = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = {realm}
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unlisted_recipient, check_policy_service inet:127.0.0.1:{greylist}
virtual_mailbox_domains = example.com, acme.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ ops@example.com=ops, cfo@acme.example=cfo }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
virtual unix - n n - - virtual
error unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""

SASL = """pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {folder}/etc/sasl/db
mech_list: PLAIN LOGIN
"""


class Greylist:
    """Postfix's policy protocol: `later` requests are put off, the others let through."""

    def __init__(self):
        self.later, self.asked = 0, 0
        greylist = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while line := self.rfile.readline():
                    if line != b"\n":
                        continue
                    greylist.asked += 1
                    greylist.later -= 1
                    said = b"450 4.7.1 greylisted, come again" if greylist.later >= 0 else b"DUNNO"
                    self.wfile.write(b"action=" + said + b"\n\n")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Postfix:
    def __init__(self, certificates):
        if os.geteuid() != 0 or not shutil.which("postfix"):
            pytest.skip("Postfix needs root, and to be installed (packaging/setup installs it)")
        self.folder = tempfile.mkdtemp(prefix="cardwatch-postfix-")
        self.process = None
        self.greylist = Greylist()
        try:
            self._write(certificates)
            self._start()
        except BaseException:
            self.close()
            raise

    def _write(self, certificates):
        os.chmod(self.folder, 0o755)
        owner = pwd.getpwnam("postfix")
        for name in ("etc", "etc/sasl", "spool", "data", "mail", "certificates"):
            os.mkdir(os.path.join(self.folder, name), 0o755)
        os.chown(os.path.join(self.folder, "data"), owner.pw_uid, owner.pw_gid)
        os.chown(os.path.join(self.folder, "mail"), owner.pw_uid, owner.pw_gid)
        for name in ("server.pem", "server.key"):
            shutil.copy(os.path.join(str(certificates), name), os.path.join(self.folder, "certificates"))
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", f"{self.folder}/etc/sasl/db", "-u", REALM, USER],
                       input=PASSWORD.encode(), check=True, capture_output=True)
        os.chown(f"{self.folder}/etc/sasl/db", owner.pw_uid, owner.pw_gid)
        self._put("etc/sasl/smtpd.conf", SASL.format(folder=self.folder))
        self.port = free_port()
        self._put("etc/master.cf", MASTER.format(port=self.port))
        self._put("etc/main.cf", MAIN.format(folder=self.folder, certificates=f"{self.folder}/certificates", realm=REALM,
                                             greylist=self.greylist.port, uid=owner.pw_uid, gid=owner.pw_gid))

    def _put(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text.lstrip("\n"))

    def _start(self):
        etc = os.path.join(self.folder, "etc")
        subprocess.run(["postfix", "-c", etc, "check"], check=True, capture_output=True, timeout=30)
        master = os.path.join(subprocess.check_output(["postconf", "-c", etc, "-h", "daemon_directory"], text=True).strip(),
                              "master")
        # In a session of its own: its children end with it.
        self.process = subprocess.Popen([master, "-c", etc, "-d"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_until(self._listens, lambda: f"Postfix listening:\n{self.log}", 15)

    def _listens(self):
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def mails(self, box):
        path = os.path.join(self.folder, "mail", box)
        if not os.path.exists(path):
            return []
        found = mailbox.mbox(path, factory=lambda file: email.message_from_binary_file(file, policy=email.policy.default),
                             create=False)
        return list(found)

    def wait_for_mails(self, box, count):
        wait_until(lambda: len(self.mails(box)) >= count,
                   lambda: f"{count} mails for {box}, only {[m['Subject'] for m in self.mails(box)]}\n{self.log[-3000:]}", WAIT_S)
        return self.mails(box)

    def close(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        self.greylist.close()
        shutil.rmtree(self.folder, ignore_errors=True)
