# SPDX-License-Identifier: Apache-2.0
"""The control API: asked over its socket as programs do, and through the cardwatch command as people do."""

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import stat
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from configs import config, source, webhook
from daemon import ctl, wait_until
from receivers import Answer


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.socket_path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.socket_path)


def ask(path, method, target, body=None):
    """(status, headers, JSON) of one request."""
    connection = Connection(path)
    try:
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        # What is too large is answered before it is read: who is still sending may find the pipe closed.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, target, body)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if text else None
    finally:
        connection.close()


@pytest.fixture
def sock():
    """A name that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="cw-control-") as folder:
        yield os.path.join(folder, "c.sock")


@pytest.fixture
def daemon(sim, hook, make_daemon, sock):
    return make_daemon(config(source(sim), webhook(hook), control={"socket": sock}))


def main_source(sock):
    status, _, body = ask(sock, "GET", "/api/v1/sources")
    assert status == 200
    return body["sources"][0]


def test_what_can_be_seen(daemon, sock):
    assert ask(sock, "GET", "/healthz")[::2] == (200, {"status": "ok"})
    wait_until(lambda: ask(sock, "GET", "/readyz")[0] == 200, "ready")
    seen = main_source(sock)
    assert seen["name"] == "main" and seen["last_poll_result"] == "complete" and seen["cards"] == 3
    assert seen["last_complete_at"] and seen["last_poll_at"] and seen["failed_polls"] == 0 and seen["suspicion"] is None
    assert stat.S_IMODE(os.stat(sock).st_mode) == 0o660
    wait_until(lambda: ask(sock, "GET", "/api/v1/status")[2]["store"]["bytes"] > 0, "the store to be measured")
    status = ask(sock, "GET", "/api/v1/status")[2]
    assert status["store_works"] and 0 < status["store"]["used_bytes"] < status["store"]["max_bytes"] == 10 << 30
    assert status["loop"]["turns"] == sum(bucket["turns"] for bucket in status["loop"]["buckets"]) > 0
    daemon.terminate()
    assert '"event":"loop"' in daemon.log_text()
    assert not os.path.exists(sock)


def test_not_ready_before_the_first_complete_poll(sim, hook, make_daemon, sock):
    sim.fault("list", "status", status=500, count=-1)
    make_daemon(config(source(sim), webhook(hook), control={"socket": sock})).wait_for_polls(1)
    status, headers, problem = ask(sock, "GET", "/readyz")
    assert status == 503 and headers["Content-Type"] == "application/problem+json"
    assert "source main has had no complete poll" in problem["detail"]
    assert ask(sock, "GET", "/healthz")[0] == 200
    assert main_source(sock)["last_poll_result"] == "failed" and main_source(sock)["last_complete_at"] is None
    sim.clear_faults()
    wait_until(lambda: ask(sock, "GET", "/readyz")[0] == 200, "ready")


@pytest.mark.parametrize("method, target, body, status", [
    ("GET", "/", None, 404),
    ("GET", "/api/v1/sources/", None, 404),
    ("POST", "/api/v1/sources//accept", {"by": "a", "why": "b"}, 404),
    ("POST", "/api/v1/sources/none/accept", {"by": "a", "why": "b"}, 404),
    ("POST", "/api/v1/sources/main%2f/accept", {"by": "a", "why": "b"}, 404),
    ("GET", "/api/v1/reload", None, 405),
    ("DELETE", "/healthz", None, 405),
    ("GET", "/api/v1/sources?limit=0", None, 400),
    ("GET", "/api/v1/sources?cursor=x", None, 400),
    ("GET", "/api/v1/sources?most=1", None, 400),
    ("POST", "/api/v1/sources/main/accept", None, 400),
    ("POST", "/api/v1/sources/main/accept", {"by": "a"}, 400),
    ("POST", "/api/v1/sources/main/accept", {"by": " ", "why": "b"}, 400),
    ("POST", "/api/v1/sources/main/accept", {"by": "a\nb", "why": "b"}, 400),
    ("POST", "/api/v1/sources/main/accept", {"by": "a" * 101, "why": "b"}, 400),
    ("POST", "/api/v1/sources/main/accept", {"by": "a", "why": 1}, 400),
    ("POST", "/api/v1/sources/main/accept", {"by": "a", "why": "b", "for": "ever"}, 400),
    ("POST", "/api/v1/sources/main/accept", "{\"by\": \"a\", \"by\": \"b\"}", 400),
    ("POST", "/api/v1/sources/main/accept", "[]", 400),
    ("POST", "/api/v1/sources/main/accept", "{", 400),
    ("POST", "/api/v1/sources/main/accept", "x" * 70000, 413),
    ("POST", "/api/v1/sources/main/accept", {"by": "a", "why": "b"}, 409),
    ("POST", "/api/v1/reload", "no", 400),
    ("POST", "/api/v1/notify/nobody", None, 404),
    ("POST", "/api/v1/notify/hook", {"message": "x"}, 400),
    ("GET", "/api/v1/notify/hook", None, 405),
])
def test_problems(daemon, sock, method, target, body, status):
    answered, headers, problem = ask(sock, method, target, body)
    assert answered == status
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status and problem["type"] == "about:blank" and problem["title"] and problem["detail"]
    if status == 405:
        assert headers["Allow"] == ("POST" if "reload" in target or "notify" in target else "GET, HEAD")
    assert ask(sock, "GET", "/healthz")[0] == 200


def test_a_test_message(hook, daemon, sock):
    daemon.wait_for_polls(1, "complete")
    status, headers, done = ask(sock, "POST", "/api/v1/notify/hook", {"by": "zoe", "why": "does it still work"})
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert (done["notifier"], done["status"], done["reason"]) == ("hook", "delivered", None) and done["took_ms"] >= 0
    [message] = hook.messages
    assert (message["kind"], message["status"], message["notifier"], message["alerts"]) == ("test", "test", "hook", [])
    assert daemon.wait_for_event("test-delivered", notifier="hook", id=message["id"])
    [act] = wait_until(lambda: ask(sock, "GET", "/api/v1/audit")[2]["audit"], "the act on record")
    assert (act["what"], act["target"], act["by"], act["uid"], act["why"]) == (
        "notify", "hook", "zoe", os.getuid(), "does it still work")
    assert daemon.wait_for_event("control", act="notify", by="zoe", object="hook", why="does it still work")

    # Once, and it says what the receiver said; nothing of it is tried again or waits.
    hook.answers.append(Answer(500, body=b"broken"))
    status, _, failed = ask(sock, "POST", "/api/v1/notify/hook")
    assert (status, failed["status"]) == (200, "failed") and "500" in failed["reason"]
    assert ask(sock, "GET", "/api/v1/outbox")[2]["messages"] == [] and len(hook.requests) == 2

    # One at a time.
    hook.answers.append(Answer(delay_s=1))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ask, sock, "POST", "/api/v1/notify/hook")
        wait_until(lambda: len(hook.requests) == 3, "the slow one under way")
        assert ask(sock, "POST", "/api/v1/notify/hook")[0] == 409
        assert slow.result()[2]["status"] == "delivered"


def test_a_test_message_waits_for_nothing(sim, hook, make_daemon, sock):
    """Neither for a receiver that fails and is tried now and then, nor for a rate; and what becomes of it says nothing of others."""
    hook.default = Answer(500)
    daemon = make_daemon(config(source(sim), webhook(hook, rate="1/h"), control={"socket": sock}))
    daemon.wait_for_polls(1, "complete")
    sim.set_card(1, available="50")
    wait_until(lambda: hook.requests, "an attempt")
    tries = len(hook.requests)
    hook.answers.append(Answer())
    status, _, done = ask(sock, "POST", "/api/v1/notify/hook")
    assert (status, done["status"]) == (200, "delivered") and len(hook.requests) == tries + 1
    [message] = ask(sock, "GET", "/api/v1/outbox")[2]["messages"]
    assert message["attempts"] == tries and "500" in message["error"]


def test_who_asked_for_a_test_message_does_not_wait_for_ever(sim, hook, make_daemon, sock):
    daemon = make_daemon(config(source(sim), webhook(hook, timeout="30s"), control={"socket": sock}))
    daemon.wait_for_polls(1, "complete")
    hook.default = Answer(hang=True)
    status, _, said = ask(sock, "POST", "/api/v1/notify/hook")
    assert (status, said) == (202, {"notifier": "hook", "status": "under way"})
    daemon.kill9()


def test_poll_now(sim, hook, make_daemon, sock):
    daemon = make_daemon(config(source(sim, every="1h"), webhook(hook), control={"socket": sock}))
    daemon.wait_for_event("poll-ended")
    assert ask(sock, "POST", "/api/v1/poll")[::2] == (202, {"status": "polling"})
    daemon.wait_for_event("poll-ended", 2)


def test_reload_says_whether_it_was_taken(daemon, sock):
    done = ctl("reload", "--socket", sock, "--by", "ops", "--why", "new rules")
    assert (done.returncode, done.stderr) == (0, "")
    assert daemon.wait_for_event("control", act="reload", by="ops", why="new rules", uid=os.getuid())
    assert daemon.wait_for_event("reloaded")

    daemon.configure({**daemon.config, "rules": [{"name": "low", "when": "availble < 1"}]})
    done = ctl("--socket", sock, "reload")
    assert done.returncode == 1 and "refused: 1 error, the first in line" in done.stderr
    assert "availble" in done.stderr

    os.rename(daemon.config_path, daemon.config_path + ".gone")
    done = ctl("reload", "--socket", sock)
    assert done.returncode == 1
    assert f"refused: 1 error, the first in {daemon.config_path}: cannot read the file: No such file" in done.stderr

    daemon.configure({**daemon.config, "rules": [], "control": {"socket": "none"}})
    done = ctl(f"--socket={sock}", "reload")
    assert done.returncode == 1 and "control" in done.stderr and "restart" in done.stderr
    assert len(daemon.log_lines("reloaded")) == 1


def test_sources_as_a_table_and_as_json(daemon, sock):
    wait_until(lambda: ask(sock, "GET", "/readyz")[0] == 200, "ready")
    done = ctl("sources", "-c", daemon.config_path)
    assert done.returncode == 0, done.stderr
    title, row = done.stdout.splitlines()
    assert title.split()[0] == "SOURCE" and row.split()[:2] == ["main", "complete"] and row.split()[4:] == ["3", "-"]
    done = ctl("sources", "--json", "--socket", sock)
    assert done.returncode == 0 and json.loads(done.stdout)["sources"][0]["cards"] == 3


def test_sources_page_by_page(sim, hook, make_daemon, sock):
    names = [f"s{i}" for i in range(5)]
    make_daemon(config([{**source(sim), "name": name} for name in names], webhook(hook), control={"socket": sock}))
    whole = ask(sock, "GET", "/api/v1/sources")[2]
    assert [s["name"] for s in whole["sources"]] == names and whole["next"] is None
    seen, target = [], "/api/v1/sources?limit=2"
    while target:
        page = ask(sock, "GET", target)[2]
        assert 0 < len(page["sources"]) <= 2
        seen += [s["name"] for s in page["sources"]]
        target = page["next"] and f"/api/v1/sources?limit=2&cursor={page['next']}"
    assert seen == names
    assert ask(sock, "GET", "/api/v1/sources?cursor=5")[2] == {"sources": [], "next": None}


def test_nobody_is_there(tmp_path, sock, make_daemon, sim, hook):
    done = ctl("reload", "--socket", sock)
    assert done.returncode == 69 and f"not reachable at {sock}: No such file" in done.stderr
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(sock)
    done = ctl("sources", "--socket", sock)
    assert done.returncode == 69 and "nobody answers there" in done.stderr
    done = ctl("sources", "--socket", sock + "x" * 108)
    assert done.returncode == 69 and "107 bytes at most" in done.stderr
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    done = ctl("sources", "-c", daemon.config_path)
    assert done.returncode == 69 and "control.socket is none" in done.stderr
    assert ctl("sources", "-c", tmp_path / "none.yaml").returncode == 78


@pytest.mark.parametrize("args", [
    ["accept"], ["accept", "main"], ["accept", "main", "--by", "a"], ["accept", "ma/in", "--by", "a", "--why", "b"],
    ["accept", "main", "more", "--by", "a", "--why", "b"], ["reload", "more"], ["sources", "more"], ["sources", "--jsn"],
    ["--socket"], ["--socket", "x"], ["sources", "--socket"], ["--no-color"], ["--no-color", "--socket", "x"],
])
def test_wrong_usage(args):
    done = ctl(*args)
    assert done.returncode == 64 and done.stdout == "" and done.stderr


@pytest.mark.parametrize("command", ["accept", "reload", "sources"])
def test_help(command):
    done = ctl(command, "-h")
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: cardwatch {command}") and "69" in done.stdout


def test_a_killed_daemon_leaves_a_socket_that_the_next_one_takes(daemon, sock):
    daemon.kill9()
    assert os.path.exists(sock)
    daemon.start()
    assert ask(sock, "GET", "/healthz")[0] == 200


def test_a_socket_that_was_asked_for_must_be_there(daemon, sock, sim, hook, make_daemon):
    other = make_daemon(config(source(sim), webhook(hook), control={"socket": sock}), start=False)
    other.start(wait_for=None)
    assert other.wait_exit() == 1
    assert "another process answers there" in other.log_lines("control-unavailable")[0]["reason"]
    assert ask(sock, "GET", "/healthz")[0] == 200

    other = make_daemon(config(source(sim), webhook(hook), control={"socket": "/nonexistent/c.sock"}), start=False)
    other.start(wait_for=None)
    assert other.wait_exit() == 1
    assert other.log_lines("control-unavailable", level="error")


@pytest.mark.skipif(os.path.exists("/run/cardwatch"), reason="this machine has a /run/cardwatch")
def test_the_usual_socket_may_be_missing(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook), control={}))
    daemon.wait_for_polls(1, "complete")
    assert daemon.log_lines("control-unavailable", level="warning")


def test_slow_and_rude_peers_harm_nobody(daemon, sock):
    peers = []
    for content in (b"", b"G", b"GET / HTTP/1.1\r\n", b"POST /api/v1/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{",
                    b"\0" * 3000, b"A" * 60000):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(sock)
        try:
            peer.sendall(content)
        except OSError:
            pass
        peers.append(peer)
    assert ask(sock, "GET", "/healthz")[0] == 200
    daemon.wait_for_polls(2, "complete")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_exit() == 0
    for peer in peers:
        peer.close()


def test_one_more_than_it_takes_waits_for_one_to_go(daemon, sock):
    """When it is full it listens no more; it begins again when there is room, not when the next one runs out of patience."""
    peers = [Connection(sock) for _ in range(65)]
    for peer in peers[:64]:
        peer.request("GET", "/healthz")
        assert peer.getresponse().read()
    peers[64].request("GET", "/healthz")
    daemon.wait_for_polls(1)
    peers[0].close()
    peers[64].sock.settimeout(5)
    assert peers[64].getresponse().status == 200
    for peer in peers:
        peer.close()


def test_accepting_what_looks_too_odd(make_sim, hook, make_daemon, sock):
    """Every balance zero, and the one-customer endpoint says nothing about it: an operator decides."""
    sim = make_sim("--customers", 40, "--cards", 1)
    daemon = make_daemon(config(source(sim), webhook(hook), control={"socket": sock}))
    daemon.wait_for_polls(2, "complete")
    sim.fault("customer", "status", status=500, count=-1)
    for card in range(1, 41):
        sim.set_card(card, available="0")
    hook.wait_for_alert("suspect-snapshot", "firing", timeout_s=30)
    assert main_source(sock)["suspicion"] == "raised"
    assert main_source(sock)["last_poll_result"] == "partial"
    assert not [a for m in hook.messages for a in m["alerts"] if a["rule"] == "low"]

    done = ctl("accept", "main", "--socket", sock, "--by", "ops", "--why", "the programme was closed today")
    assert done.returncode == 0, done.stderr
    assert daemon.wait_for_event("control", act="accept", object="main", by="ops")
    hook.wait_for_alert("suspect-snapshot", "resolved", timeout_s=30)
    hook.wait_for_alert("low", "firing", timeout_s=30)
    wait_until(lambda: main_source(sock)["last_poll_result"] == "complete", "a complete poll")
    assert main_source(sock)["suspicion"] is None


def test_pages_of_thousands_that_fire(make_sim, hook, make_daemon, sock):
    """They are gathered on a thread while the loop is held: whoever asks at the same time waits, and all see the same."""
    sim = make_sim("--customers", 7000, "--cards", 1, "--low", 7000)
    daemon = make_daemon(config(source(sim), webhook(hook), control={"socket": sock}))
    daemon.wait_for_polls(1, "complete")

    def walk(limit):
        seen, target = [], f"/api/v1/alerts?limit={limit}"
        while target:
            status, _, page = ask(sock, "GET", target)
            assert (status, page["total"]) == (200, 7000)
            seen += [a["fingerprint"] for a in page["alerts"]]
            target = page["next"] and f"/api/v1/alerts?limit={limit}&cursor={page['next']}"
        return seen

    with ThreadPoolExecutor(4) as pool:
        walks = list(pool.map(walk, (1000, 900, 700, 1000)))
    assert len(set(walks[0])) == 7000 and all(w == walks[0] for w in walks)
    assert ask(sock, "GET", "/api/v1/alerts?match=customer%3D7001")[2]["total"] == 0
    assert ask(sock, "GET", "/api/v1/alerts?match=nonsense")[0] == 400
    assert ask(sock, "GET", "/api/v1/alerts?cursor=1.2")[0] == 400


def test_what_is_counted_of_thousands_that_fire(make_sim, hook, make_daemon, sock):
    """Counted aside, like pages: by status, for each rule, and for each silence."""
    sim = make_sim("--customers", 7000, "--cards", 1, "--low", 7000)
    daemon = make_daemon(config(source(sim), webhook(hook), control={"socket": sock}))
    daemon.wait_for_polls(1, "complete")
    for match in ("rule=low", "rule=other"):
        assert ask(sock, "POST", "/api/v1/silences", {"match": [match], "for": "1h", "by": "ops", "why": "x"})[0] == 201
    targets = ("/api/v1/status", "/api/v1/rules", "/api/v1/silences") * 3
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda target: ask(sock, "GET", target), targets))
    for status, _, body in answers:
        assert status == 200
        if "alerts" in body:
            assert (body["alerts"]["firing"], body["alerts"]["silenced"], body["silences"]) == (7000, 7000, 2)
            assert body["loop"]["turns"] == sum(bucket["turns"] for bucket in body["loop"]["buckets"]) > 0
        elif "rules" in body:
            assert {rule["name"]: rule["firing"] for rule in body["rules"]}["low"] == 7000
        else:
            assert {s["match"][0]: s["firing"] for s in body["silences"]} == {"rule=low": 7000, "rule=other": 0}
    page = ask(sock, "GET", "/api/v1/silences?limit=1")[2]
    rest = ask(sock, "GET", f"/api/v1/silences?limit=1&cursor={page['next']}")[2]
    assert {s["match"][0] for s in page["silences"] + rest["silences"]} == {"rule=low", "rule=other"} and not rest["next"]
    for cursor in ("1", "1.", "x.y"):
        assert ask(sock, "GET", f"/api/v1/silences?cursor={cursor}")[0] == 400
    assert ask(sock, "GET", "/api/v1/rules?cursor=9")[2] == {"rules": [], "next": None}


def test_whoever_asked_for_a_large_page_may_go_and_so_may_the_daemon(make_sim, hook, make_daemon, sock):
    """Those that wait are answered to nobody: not under a reload, and not at the end."""
    sim = make_sim("--customers", 7000, "--cards", 1, "--low", 7000)
    daemon = make_daemon(config(source(sim), webhook(hook), control={"socket": sock}))
    daemon.wait_for_polls(1, "complete")
    targets = itertools.cycle(("/api/v1/alerts?limit=1000", "/api/v1/status", "/api/v1/rules", "/api/v1/silences"))

    def ask_and_leave(abruptly):
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(sock)
        target = next(targets)
        peer.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        if abruptly:
            peer.close()
        return peer

    for _ in range(20):
        ask_and_leave(True)
    peers = [ask_and_leave(False) for _ in range(5)]
    daemon.hup()
    assert ask(sock, "GET", "/api/v1/alerts")[2]["total"] == 7000
    peers += [ask_and_leave(i % 2 == 0) for i in range(20)]
    daemon.terminate()
    for peer in peers:
        peer.close()
