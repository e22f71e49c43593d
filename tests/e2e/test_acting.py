# SPDX-License-Identifier: Apache-2.0
"""What operators do about alerts: silences, acknowledgements, and the record of who did what."""

import fcntl
import json
import os
import pty
import pwd
import stat
import struct
import subprocess
import termios
import time

import pytest

from configs import config, source, webhook
from daemon import ctl, program, stays, wait_until
from test_control import ask, sock  # noqa: F401 (a fixture)

QUICK = {"notify": ["hook"], "group_wait": "0s", "group_interval": "100ms", "repeat_every": "1h"}


@pytest.fixture
def make(sim, hook, make_daemon, sock):  # noqa: F811
    def make(route=None, **keys):
        keys.setdefault("control", {"socket": sock})
        daemon = make_daemon(config(source(sim), webhook(hook), route={**QUICK, **(route or {})}, **keys))
        daemon.wait_for_polls(1, "complete")
        return daemon

    return make


@pytest.fixture
def act(sock):  # noqa: F811
    def act(*args, code=0, why="a test"):
        done = ctl(*args, "--socket", sock, *(["--by", "zoe", "--why", why] if why else []))
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    return act


@pytest.fixture
def look(sock):  # noqa: F811
    """What a looking command says as JSON."""
    def look(*args, code=0):
        done = ctl(*args, "--json", "--socket", sock)
        assert done.returncode == code, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    return look


def low_alert(look):
    return look("alerts", "--match", "rule=low")["alerts"][0]


def held(look):
    return [e for e in look("events", "--messages")["events"] if e["what"] == "held"]


def test_nothing_through_a_silence_and_one_message_at_its_end(sim, hook, make, act, look):
    make()
    silence = act("silence", "add", "--match", "rule=low", "--for", "1h").stdout.strip()
    assert len(silence) == 16 and int(silence, 16) >= 0
    sim.set_card(1, available="5")
    sim.set_card(2, available="7")
    wait_until(lambda: len(look("alerts")["alerts"]) == 2, "two alerts")
    assert {a["silenced_by"] for a in look("alerts")["alerts"]} == {silence}
    wait_until(lambda: held(look), "a record of what held it")
    assert silence in held(look)[0]["reason"]
    sim.set_card(2, available="500")
    wait_until(lambda: len(look("alerts")["alerts"]) == 1, "one that came and went inside")
    assert not hook.messages
    assert look("silence", "list")["silences"][0]["firing"] == 1

    assert "ended" in act("silence", "end", silence, why=None).stdout
    hook.wait_for_alert("low", "firing")
    stays(lambda: len(hook.messages) == 1, "one message", 1)
    assert [a["card"]["id"] for a in hook.messages[0]["alerts"]] == [1]
    assert look("silence", "list")["silences"] == []
    act("silence", "end", silence, code=1)


def test_a_silence_runs_out_by_itself(sim, hook, make, act, look):
    make()
    act("silence", "add", "--match", "customer=11001", "--match", "customer=1", "--for", "5s")
    sim.set_card(1, available="5")
    wait_until(lambda: look("alerts")["alerts"], "an alert")
    assert not hook.messages
    hook.wait_for_alert("low", "firing")
    assert look("silence", "list")["silences"] == []


def test_what_came_and_went_inside_a_silence_is_history(sim, hook, make, act, look):
    make()
    silence = act("silence", "add", "--all", "--for", "1h").stdout.strip()
    sim.set_card(1, available="5")
    wait_until(lambda: look("alerts")["alerts"], "an alert")
    sim.set_card(1, available="500")
    wait_until(lambda: not look("alerts")["alerts"], "its end")
    act("silence", "end", silence)
    stays(lambda: not hook.messages, "nothing told", 1)
    what = [e["what"] for e in look("events")["events"]]
    assert what == ["resolved", "firing"], what


def test_a_restart_inside_a_silence_changes_nothing(sim, hook, make, act, look):
    daemon = make()
    silence = act("silence", "add", "--match", "rule=low", "--for", "1h").stdout.strip()
    sim.set_card(1, available="5")
    wait_until(lambda: look("alerts")["alerts"], "an alert")
    before = look("silence", "list")["silences"]
    daemon.restart()
    daemon.wait_for_polls(1)
    after = look("silence", "list")["silences"]
    assert len(after) == 1 and {**after[0], "until": None} == {**before[0], "until": None}
    assert not hook.messages
    act("silence", "end", silence)
    hook.wait_for_alert("low", "firing")


def test_a_preview_makes_nothing(sim, hook, make, act, look, sock):  # noqa: F811
    make()
    sim.set_card(1, available="5")
    wait_until(lambda: look("alerts")["alerts"], "an alert")
    shown = act("silence", "add", "--match", "rule=low", "--preview", why=None).stdout
    assert "low" in shown and "card 1" in shown and "5.00 " in shown
    assert "nothing that fires now matches" in act("silence", "add", "--match", "rule=high", "--preview", why=None).stdout
    for target, body in (("/api/v1/silences?preview=true", {"match": ["rule=low"]}),
                         ("/api/v1/silences", {"match": ["rule=low"], "preview": True, "for": "2h"})):
        status, _, answer = ask(sock, "POST", target, body)
        assert status == 200 and answer["preview"] and answer["total"] == 1 and "id" not in answer
        assert answer["alerts"][0]["card"]["id"] == 1 and answer["match"] == ["rule=low"]
    mistaken = act("silence", "add", "--match", "custmer=1", "--preview", why=None)
    assert 'no rule has a label "custmer"; did you mean "customer"?' in mistaken.stderr
    status, _, answer = ask(sock, "POST", "/api/v1/alerts/ack", {"match": ["custmer=1"], "preview": True})
    assert status == 404 and 'did you mean "customer"?' in answer["detail"]
    assert look("silence", "list")["silences"] == [] and look("audit")["audit"] == []


def test_an_acknowledgement_stops_repeats_and_shows_its_name(sim, hook, make, act, look):
    make(route={"repeat_every": "1s"}, rules=[{"name": "low", "levels": [
        {"severity": "warning", "when": "available < 100"}, {"severity": "critical", "when": "available < 10"}]}])
    sim.set_card(1, available="50")
    hook.wait_for_messages(2)
    fingerprint = low_alert(look)["fingerprint"]
    assert "acknowledged by zoe" in act("ack", fingerprint, "--for", "1h", why="ringing the bank").stdout
    told = len(hook.messages)
    stays(lambda: len(hook.messages) <= told + 1, "no repeats", 2.5)
    assert low_alert(look)["acknowledged_by"] == "zoe"
    assert "acknowledged by zoe" in act("alerts", why=None).stdout

    sim.set_card(1, available="5")
    wait_until(lambda: low_alert(look)["severity"] == "critical", "it grew worse")
    wait_until(lambda: hook.messages[-1]["alerts"][0]["severity"] == "critical", "told although it was acknowledged")
    assert low_alert(look)["acknowledged_by"] is None

    act("ack", "--match", "rule=low")
    sim.set_card(1, available="50")
    wait_until(lambda: hook.messages[-1]["alerts"][0]["severity"] == "warning", "told that it is better")
    assert hook.messages[-1]["alerts"][0]["acknowledged_by"] == "zoe"
    sim.set_card(1, available="500")
    hook.wait_for_alert("low", "resolved")


def test_an_acknowledgement_can_be_taken_back_and_survives_a_restart(sim, make, act, look):
    daemon = make()
    sim.set_card(1, available="50")
    wait_until(lambda: look("alerts")["alerts"], "an alert")
    fingerprint = low_alert(look)["fingerprint"]
    act("ack", fingerprint, "--end", code=1)
    act("ack", fingerprint)
    daemon.restart()
    assert low_alert(look)["acknowledged_by"] == "zoe"
    act("ack", fingerprint, "--end", why=None)
    assert low_alert(look)["acknowledged_by"] is None
    act("ack", "0123456789abcdef", code=1)
    act("ack", "--match", "rule=none", code=1)
    what = [e["what"] for e in look("events")["events"]]
    assert what == ["unacknowledged", "acknowledged", "firing"]


def test_the_audit_says_who_and_why(sim, hook, make, act, look, sock):  # noqa: F811
    daemon = make()
    sim.set_card(1, available="50")
    wait_until(lambda: look("alerts")["alerts"], "an alert")
    fingerprint = low_alert(look)["fingerprint"]
    silence = act("silence", "add", "--match", "rule=low", "--match", "card=1", "--for", "1h", why="planned work").stdout.strip()
    act("ack", fingerprint, why="ringing them")
    act("silence", "end", silence, why="done")
    assert ctl("reload", "--socket", sock, "--why", "new rules").returncode == 0
    daemon.hup()
    wait_until(lambda: len(look("audit")["audit"]) == 5, "five acts")
    acts = look("audit")["audit"][::-1]
    assert [(a["what"], a["by"], a["uid"], a["why"]) for a in acts[:3]] == [
        ("silence", "zoe", os.getuid(), "planned work"), ("ack", "zoe", os.getuid(), "ringing them"),
        ("silence-end", "zoe", os.getuid(), "done")]
    assert acts[0]["target"].startswith(f"{silence} rule=low") and acts[1]["target"] == fingerprint
    assert acts[2]["target"] == silence
    running = look("status")["config"]["hash"]
    assert running in ctl("config", "--show", "-c", daemon.config_path).stdout.splitlines()[0]
    assert [(a["what"], a["target"], a["why"], a["uid"]) for a in acts[3:]] == [
        ("reload", running, "new rules", os.getuid()), ("reload", running, "signal HUP", None)]
    assert acts[3]["by"] in (pwd.getpwuid(os.getuid()).pw_name, os.environ.get("LOGNAME"))

    assert len(look("audit", "--limit", "2")["audit"]) == 2 and look("audit", "--limit", "2")["more"]
    assert look("audit", "--since", "2100-01-01T00:00:00Z")["audit"] == []
    assert len(look("audit", "--since", "-1h")["audit"]) == 5
    lines = act("audit", why=None).stdout.splitlines()
    assert lines[0].split() == ["AT", "BY", "UID", "WHAT", "TARGET", "WHY"] and len(lines) == 6
    assert "planned work" in lines[1] and "signal HUP" in lines[5]
    daemon.restart()
    assert len(look("audit")["audit"]) == 5


def on_terminal(columns, *args):
    """What a command prints on a terminal of so many columns."""
    ours, its = pty.openpty()
    try:
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        subprocess.run([program("cardwatch"), *args], stdin=subprocess.DEVNULL, stdout=its, timeout=60, check=True)
        return os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(its)


def test_alerts_check(sim, make, act, look, sock):  # noqa: F811
    make(rules=[{"name": "low", "severity": "warning", "when": "available < 100"},
                {"name": "empty", "severity": "critical", "when": "available < 10"}])
    assert act("alerts", "--check", why=None).stdout == "nothing fires\n"
    sim.set_card(1, available="5")
    sim.set_card(2, available="50")
    wait_until(lambda: len(look("alerts")["alerts"]) == 3, "three alerts")
    lines = act("alerts", "--check", why=None, code=2).stdout.splitlines()
    assert lines[0].split()[:4] == ["SEVERITY", "RULE", "WHOSE", "NOW"]
    assert lines[1].split()[:2] == ["critical", "empty"] and "5.00" in lines[1] and lines[2].split()[0] == "warning"
    whole = act("alerts", why=None).stdout
    assert "(card 1)" in whole and "…" not in whole
    sim.set_card(2, available="-1234567.5")
    wait_until(lambda: "  −1,234,567.50 USD  limit 10  " in act("alerts", why=None).stdout, "an amount that can be read")
    sim.set_card(2, available="50")
    wait_until(lambda: len(look("alerts")["alerts"]) == 3, "three alerts")
    assert "(card 1)" in on_terminal(200, "alerts", "--socket", sock)
    narrow = on_terminal(60, "alerts", "--socket", sock)
    assert "(card 1)" not in narrow and "… " in narrow and "5.00 " in narrow
    act("alerts", "--check", "--match", "severity=info", why=None)
    assert [a["rule"] for a in look("alerts", "--limit", "1")["alerts"]] == ["empty"]
    assert len(look("alerts", "--match", "card=1", "--check", code=2)["alerts"]) == 2
    seen = act("status", why=None).stdout
    assert "3 firing: 1 critical, 2 warning, 0 info" in seen and "none waiting" in seen


def test_pages_of_a_list_are_its_whole(sim, make, look, sock):  # noqa: F811
    make(rules=[{"name": f"low{i}", "when": "available < 100000000"} for i in range(4)])
    wait_until(lambda: len(look("alerts")["alerts"]) == 12, "every card alerts by every rule")
    for path, member in (("alerts", "alerts"), ("events", "events"), ("rules", "rules")):
        whole = ask(sock, "GET", f"/api/v1/{path}")[2]
        parts, cursor = [], ""
        while cursor is not None:
            status, _, page = ask(sock, "GET", f"/api/v1/{path}?limit=5" + (f"&cursor={cursor}" if cursor else ""))
            assert status == 200 and 0 < len(page[member]) <= 5
            parts += page[member]
            cursor = page["next"]
        assert parts == whole[member] and len(parts) == (4 if path == "rules" else 12)


def test_one_alert_and_why(sim, make, look, sock):  # noqa: F811
    make()
    sim.set_card(1, available="50")
    wait_until(lambda: look("alerts")["alerts"], "an alert")
    alert = low_alert(look)
    status, headers, seen = ask(sock, "GET", f"/api/v1/alerts/{alert['fingerprint']}")
    assert status == 200 and seen == alert and seen["balances"]["available"] == "50.00" and headers["ETag"]
    assert seen["limit"] == "100" or "100" in seen["limit"]
    status, _, seen = ask(sock, "GET", f"/api/v1/alerts/{alert['fingerprint']}/explain")
    assert status == 200 and "available" in seen["explanation"]
    status, _, seen = ask(sock, "GET", "/api/v1/config")
    assert status == 200 and seen["sources"][0]["name"] == "main" and seen["notifiers"] == ["hook"]
    assert "plain:" not in json.dumps(seen) and "api_key" not in json.dumps(seen)


def test_messages_that_wait_and_that_are_dead(sim, hook, make, look, act, sock):  # noqa: F811
    from receivers import Answer
    hook.answer(Answer(status=400))
    make()
    sim.set_card(1, available="50")
    wait_until(lambda: any(m["state"] == "dead" for m in look("outbox", "list")["messages"]), "a dead letter")
    dead = [m for m in look("outbox", "list")["messages"] if m["state"] == "dead"][0]
    assert dead["notifier"] == "hook" and dead["attempts"] == 1 and "400" in dead["error"] and dead["rule"] == "low"
    assert "dead" in act("outbox", "list", why=None).stdout
    assert "1 message was not delivered" in act("status", why=None).stdout
    print("what does not exist, or is no id")
    for args, code in ((("retry", "0" * 32), 1), (("drop", "0" * 32), 1), (("retry", "x"), 64), (("drop", dead["id"], "--all"), 64)):
        act("outbox", *args, code=code)
    print("a dead letter goes out again with its id and its bytes, and what it told is owed its end")
    act("outbox", "retry", dead["id"])
    hook.wait_for_alert("low", "firing")
    first, again = [r for r in hook.requests if r.id == dead["id"]]
    assert first.body == again.body and again.delivered
    wait_until(lambda: not look("outbox", "list")["messages"], "an empty outbox")
    sim.set_card(1, available="500")
    hook.wait_for_alert("low", "resolved")
    print("a dropped one is gone, and nobody is told of it any more; who did that is recorded")
    hook.answer(Answer(status=400))
    sim.set_card(2, available="50")
    wait_until(lambda: look("outbox", "list")["messages"], "another dead letter")
    dead = look("outbox", "list")["messages"][0]
    status, headers, seen = ask(sock, "DELETE", f"/api/v1/outbox/{dead['id']}", {"by": "zoe", "why": "a test"})
    assert status == 200 and seen == {"status": "dropped"}
    wait_until(lambda: not look("outbox", "list")["messages"], "an empty outbox")
    status, headers, seen = ask(sock, "POST", f"/api/v1/outbox/{dead['id']}/retry", {})
    assert status == 404 and seen["status"] == 404 and headers["Content-Type"] == "application/problem+json"
    assert act("outbox", "retry", "--all", why=None).stdout == "there is no dead letter\n"
    told = act("outbox", "drop", "--notifier", "hok", why=None).stdout
    assert told == 'there is no dead letter of a notifier "hok"\n', "a name that was mistyped is seen"
    acts = [(a["what"], a["target"], a["by"], a["uid"]) for a in look("audit")["audit"]]
    assert ("outbox-drop", dead["id"], "zoe", os.getuid()) in acts and "outbox-retry" in [a[0] for a in acts]
    assert "dropped" in [e["what"] for e in look("events", "--messages")["events"]]


def test_a_backup_is_a_store_to_start_from(sim, hook, make, make_daemon, act, look, tmp_path, sock):  # noqa: F811
    daemon = make()
    act("silence", "add", "--match", "rule=low", "--for", "1h")
    copy = tmp_path / "copy.db"
    act("backup", copy)
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o640
    assert "it stays" in act("backup", copy, code=1).stderr
    act("backup", "/nonexistent/x.db", code=1)
    assert [a["what"] for a in look("audit")["audit"]] == ["backup"] * 3 + ["silence"]
    daemon.terminate()
    other = make_daemon({**daemon.config, "store": {"sqlite": str(copy)}})
    other.wait_for_polls(1)
    assert len(look("silence", "list")["silences"]) == 1


@pytest.mark.parametrize("method, target, body, status", [
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "for": "1h"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "for": "1h", "by": "zoe"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"for": "1h", "by": "zoe", "why": "x"}, 422),
    ("POST", "/api/v1/silences", {"match": [], "for": "1h", "by": "zoe", "why": "x"}, 422),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "all": True, "for": "1h", "by": "zoe", "why": "x"}, 422),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "for": "31d", "by": "zoe", "why": "x"}, 422),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "until": "2020-01-01T00:00:00Z", "by": "zoe", "why": "x"}, 422),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "until": "2999-01-01T00:00:00Z", "by": "zoe", "why": "x"}, 422),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "for": "1h", "until": "2999-01-01T00:00:00Z", "by": "a", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule"], "for": "1h", "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": "rule=low", "for": "1h", "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule=low", "a=b\nc=d"], "for": "1h", "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": ["card=x"], "for": "1h", "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule=low"] * 65, "for": "1h", "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "for": 3600, "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "for": "0s", "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences", {"match": ["rule=low"], "forever": True, "by": "zoe", "why": "x"}, 400),
    ("POST", "/api/v1/silences?preview=yes", {"match": ["rule=low"]}, 400),
    ("DELETE", "/api/v1/silences/0123456789abcdef", None, 404),
    ("DELETE", "/api/v1/silences/x", None, 404),
    ("PUT", "/api/v1/silences", None, 405),
    ("GET", "/api/v1/silences/0123456789abcdef", None, 405),
    ("GET", "/api/v1/alerts/0123456789abcdef", None, 404),
    ("GET", "/api/v1/alerts/x/explain", None, 404),
    ("GET", "/api/v1/alerts/0123456789abcdef/explain", None, 404),
    ("POST", "/api/v1/alerts/0123456789abcdef/ack", {"by": "zoe", "why": "x"}, 404),
    ("DELETE", "/api/v1/alerts/0123456789abcdef/ack", None, 404),
    ("POST", "/api/v1/alerts/ack", {"by": "zoe", "why": "x"}, 422),
    ("POST", "/api/v1/alerts/ack", {"by": "zoe", "why": "x", "match": ["rule=low"], "for": "0s"}, 400),
    ("POST", "/api/v1/alerts/ack", {"by": "zoe", "why": "x", "match": ["rule=none"]}, 404),
    ("GET", "/api/v1/alerts?limit=0", None, 400),
    ("GET", "/api/v1/alerts?limit=1001", None, 400),
    ("GET", "/api/v1/alerts?limit=5&limit=6", None, 400),
    ("GET", "/api/v1/alerts?cursor=x", None, 400),
    ("GET", "/api/v1/alerts?match=%zz", None, 400),
    ("GET", "/api/v1/alerts?match=%00", None, 400),
    ("GET", "/api/v1/alerts?color=red", None, 400),
    ("GET", "/api/v1/events?since=yesterday", None, 400),
    ("GET", "/api/v1/events?cursor=1", None, 400),
    ("GET", "/api/v1/audit?messages=true", None, 400),
    ("GET", "/api/v1/outbox?cursor=-1", None, 400),
    ("POST", "/api/v1/backup", {"file": "relative.db"}, 400),
    ("POST", "/api/v1/backup", {"file": "/nonexistent/x.db"}, 422),
    ("POST", "/api/v1/backup", None, 400),
])
def test_problems(make, sock, method, target, body, status):  # noqa: F811
    make()
    answered, headers, problem = ask(sock, method, target, body)
    assert answered == status, problem
    assert headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == status and problem["title"] and problem["detail"]
    assert ask(sock, "GET", "/api/v1/silences")[2]["silences"] == []


@pytest.mark.parametrize("args", [
    ["silence"], ["silence", "add"], ["silence", "add", "--for", "1h", "--why", "x"], ["silence", "end"],
    ["silence", "add", "--match", "rule=low", "--why", "x"], ["silence", "add", "--match", "rule=low", "--for", "1h"],
    ["silence", "end", "x"], ["silence", "mend"], ["silence", "list", "more"], ["ack"], ["ack", "x", "--why", "x"],
    ["ack", "0123456789abcdef"], ["ack", "0123456789abcdef", "--match", "a=b", "--why", "x"], ["outbox"], ["outbox", "x"],
    ["audit", "--since", "yesterday"], ["audit", "--limit", "0"], ["alerts", "--limit", "x"], ["backup"], ["status", "x"],
    ["events", "more"], ["audit", "--messages"], ["silence", "add", "--match", "a=b", "--all", "--for", "1h", "--why", "x"],
    ["silence", "add", "--all", "--until", "2h", "--why", "x"], ["silence", "add", "--all", "--until", "-2h", "--why", "x"],
])
def test_wrong_usage(args):
    done = ctl(*args)
    assert done.returncode == 64 and done.stdout == "" and done.stderr


@pytest.mark.parametrize("args", [
    ["silence", "add", "--match", "rule=low", "--for", "soon", "--why", "x"], ["alerts", "--match", "card=x"],
    ["silence", "add", "--match", "low", "--for", "1h", "--why", "x"], ["ack", "--match", "rule=low", "--for", "0s", "--why", "x"],
])
def test_wrong_usage_that_only_the_daemon_can_see(make, sock, args):  # noqa: F811
    make()
    done = ctl(*args, "--socket", sock)
    assert done.returncode == 64 and done.stdout == "" and done.stderr


def test_a_backup_has_the_name_that_was_given(make, sock, tmp_path):  # noqa: F811
    make()
    done = subprocess.run([program("cardwatch"), "backup", os.fsencode(tmp_path) + b"/\xff.db", "--socket", sock],
                          capture_output=True, check=False)
    assert done.returncode == 64 and b"UTF-8" in done.stderr
    assert [name for name in os.listdir(tmp_path) if name.endswith("\ufffd.db")] == []


def test_so_long_ago(make, act, look):
    """As people say it, with a sign or without, like backtest."""
    make()
    act("silence", "add", "--match", "rule=none", "--for", "1h")
    for since in ("1h", "-1h", "1d12h"):
        assert len(look("audit", "--since", since)["audit"]) == 1, since
        assert look("audit", "--until", since)["audit"] == []
    assert look("events", "--since", "1h")["events"] == []


@pytest.mark.parametrize("args", [["alerts"], ["audit", "--limit", "1"], ["status"], ["silence", "list"]])
def test_no_color_is_understood_everywhere(make, sock, args):  # noqa: F811
    make()
    for words in ([*args, "--no-color", "--socket", sock], ["--no-color", "--socket", sock, *args],
                  ["--socket", sock, "--no-color", *args]):
        done = ctl(*words)
        assert (done.returncode, done.stderr) == (0, "") and done.stdout


@pytest.mark.parametrize("command", ["silence", "ack", "audit", "alerts", "status", "events", "outbox", "backup"])
def test_help_and_nobody_there(command, sock):  # noqa: F811
    done = ctl(command, "-h")
    assert done.returncode == 0 and done.stdout.startswith(f"Usage: cardwatch {command}") and "69" in done.stdout
    args = {"silence": ["list"], "ack": ["0123456789abcdef", "--why", "x"], "outbox": ["list"], "backup": ["x.db"]}
    done = ctl(command, *args.get(command, []), "--socket", sock)
    assert done.returncode == 69 and "not reachable" in done.stderr and done.stdout == ""


def test_what_did_not_change_is_not_sent_again(make, sock):  # noqa: F811
    make()
    import http.client

    from test_control import Connection
    tag = ask(sock, "GET", "/api/v1/config")[1]["ETag"]
    connection = Connection(sock)
    connection.request("GET", "/api/v1/config", headers={"If-None-Match": tag})
    answer = connection.getresponse()
    assert answer.status == http.client.NOT_MODIFIED and answer.read() == b"" and answer.headers["ETag"] == tag
    connection.close()


def test_ending_while_somebody_reads(sim, make, sock):  # noqa: F811
    """Answers that a worker owes are let go of, and nothing waits for them."""
    daemon = make()
    from test_control import Connection
    connections = [Connection(sock) for _ in range(20)]
    for connection in connections:
        connection.request("GET", "/api/v1/events")
    began = time.monotonic()
    daemon.terminate()
    assert time.monotonic() - began < 8
    for connection in connections:
        connection.close()
