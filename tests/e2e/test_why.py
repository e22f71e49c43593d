# SPDX-License-Identifier: Apache-2.0
"""Why somebody was told, or not: told by `cardwatch why` and `cardwatch explain` from the store of a real run."""

import json
import time

import pytest

from configs import LOW, config, source, webhook
from daemon import ctl, wait_until

WAITS = {"name": "waits", "when": "available < 300", "for": "1h"}
SPENT = {"name": "spent", "when": "spent(1h) >= 1000"}
DROP = {"name": "drop", "on": "delta(available) < -1000"}


@pytest.fixture
def lived(sim, hook, make_daemon):
    """Card 1 fell to 99.99 and recovered, card 2 fell to 250 and waits, card 3 did nothing; `times` lie between."""
    daemon = make_daemon(config(source(sim), webhook(hook), [LOW, WAITS, SPENT, DROP]))
    sim.wait_for_polls(2)
    times = [time.time()]
    sim.set_card(1, available="99.99")
    sim.set_card(2, available="250")
    hook.wait_for_alert("low", "firing")
    sim.wait_for_polls(2)
    times.append(time.time())
    sim.set_card(1, available="120")
    hook.wait_for_alert("low", "resolved")
    wait_until(lambda: len([e for e in why(daemon, 1)["edges"] if e["what"] == "sent"]) == 2, "both messages on record")
    return daemon, hook, times


def run(daemon, *args, status=0):
    done = ctl(*args, "-c", daemon.config_path)
    assert done.returncode == status, done.stderr + done.stdout
    return done


def why(daemon, *args):
    return json.loads(run(daemon, "why", *args, "--json").stdout)


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"


def rule(told, name):
    return next(r for r in told["rules"] if r["rule"] == name)


def test_it_tells_what_was_seen_decided_and_sent(lived):
    daemon, hook, _ = lived
    told = why(daemon, 1)
    ids = [m["id"] for m in hook.messages]
    assert [c["available"] for c in told["changes"]][-2:] == ["99.99", "120.00"]
    assert told["changes"][-2]["before"]["available"] == "600.00"
    low = [e for e in told["edges"] if e["rule"] == "low"]
    assert [(e["what"], e["notifier"]) for e in low if e["what"] in ("firing", "sent", "resolved")] == [
        ("firing", None), ("sent", "hook"), ("resolved", None), ("sent", "hook")]
    assert [e["message"] for e in low if e["what"] == "sent"] == ids
    assert low[0]["detail"] and low[2]["detail"]
    assert rule(told, "low")["state"] == "resolved" and rule(told, "spent")["state"] is None
    assert told["shown"]["available"] == "120.00"

    text = run(daemon, "why", 1).stdout
    for words in ("card 1 of customer", "600.00 -> 99.99", "low", "firing", f"sent  hook  {ids[0]}", "----",
                  "it did not fire, so nobody was told", "spent(1h)"):
        assert words in text, text


def test_at_a_time_it_is_as_it_was_then(lived):
    daemon, _, times = lived
    before = why(daemon, 1, "--at", rfc3339(times[0]))
    assert before["shown"]["available"] == "600.00" and rule(before, "low")["state"] is None
    assert "false" in rule(before, "low")["judged"].splitlines()[0]
    during = why(daemon, 1, "--at", rfc3339(times[1]))
    assert during["shown"]["available"] == "99.99" and rule(during, "low")["state"] == "firing"
    assert "true" in rule(during, "low")["judged"].splitlines()[0]
    assert "false" in rule(why(daemon, 1), "low")["judged"].splitlines()[0]


def test_the_values_that_decided_are_told(lived):
    daemon, _, times = lived
    told = why(daemon, 1, "--at", rfc3339(times[1]))
    fired = next(e for e in told["edges"] if e["what"] == "firing")
    assert "99.99" in fired["detail"] and "100" in fired["detail"]
    assert "500.01" in rule(told, "spent")["judged"]
    assert "120" in rule(why(daemon, 1), "low")["judged"] and "500.01" in rule(why(daemon, 1), "spent")["judged"]
    assert "600" in rule(why(daemon, 3), "low")["judged"]


def test_who_was_not_told_learns_why(lived):
    daemon, _, _ = lived
    waits = rule(why(daemon, 2), "waits")
    assert waits["state"] == "waiting" and "true" in waits["judged"]
    text = run(daemon, "why", 2).stdout
    assert "waiting since" in text and "of that no message is recorded" in text
    quiet = why(daemon, 3)
    assert not quiet["edges"] and all(r["state"] is None for r in quiet["rules"])
    assert all(r["judged"] for r in quiet["rules"])


def test_a_poll_later_nothing_has_changed(lived):
    daemon, _, times = lived
    assert "0.00 USD < -1000 is false" in rule(why(daemon, 3), "drop")["judged"]
    assert "0.00 USD < -1000 is false" in rule(why(daemon, 1, "--at", rfc3339(times[1])), "drop")["judged"]
    at = next(c["at"] for c in why(daemon, 1)["changes"] if c["available"] == "99.99")
    assert "it changed then, and what it was before is not kept" in rule(why(daemon, 1, "--at", at), "drop")["judged"]


def test_long_ago_nobody_knew_the_card(lived):
    daemon, _, times = lived
    for at in ("-2h", str(int(times[0]) - 7200), "2001-02-03", "2001-02-03 04:05", "2001-02-03T04:05:06+01:00"):
        told = why(daemon, 1, "--at", at)
        assert told["shown"] is None and rule(told, "low")["judged"] is None
        assert "the card was not known" in run(daemon, "why", 1, "--at", at).stdout


def test_a_time_without_a_zone_is_the_configurations(lived):
    daemon, _, _ = lived
    daemon.configure({**daemon.config, "timezone": "Asia/Tokyo"})
    assert why(daemon, 1, "--at", "2001-02-03 04:05")["at"] == "2001-02-02T19:05:00.000Z"
    assert why(daemon, 1, "--at", "2001-02-03T04:05:00Z")["at"] == "2001-02-03T04:05:00.000Z"


@pytest.mark.parametrize("args, status, words", [
    (("why", "1", "--at", "tomorrow"), 64, "is no time"),
    (("why", "1", "--at", "2001-02-31"), 64, "is no time"),
    (("why", "one"), 64, "is no id"),
    (("why",), 64, "one card"),
    (("why", "1", "2"), 64, "one card"),
    (("why", "4711"), 1, "card 4711 is not known"),
    (("why", "1", "--source", "other"), 1, "card 1 of source other is not known"),
    (("explain", "1234"), 64, "no fingerprint"),
    (("explain", "zzzzzzzzzzzzzzzz"), 64, "no fingerprint"),
    (("explain",), 64, "one fingerprint"),
    (("explain", "0123456789abcdef"), 1, "is no alert"),
    (("explain", "0" * 16), 1, "is no alert"),
])
def test_what_it_cannot_answer_it_says(lived, args, status, words):
    assert words in run(lived[0], *args, status=status).stderr


def test_a_configuration_that_is_wrong_is_said(lived, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("rules: 5\n")
    assert ctl("why", "1", "-c", wrong).returncode == 78
    assert ctl("explain", "0" * 16, "-c", wrong).returncode == 78


def test_a_store_that_is_not_there_is_said(lived, tmp_path):
    daemon, _, _ = lived
    daemon.terminate()
    daemon.configure({**daemon.config, "store": {"sqlite": str(tmp_path / "none.db")}})
    assert "no such store" in run(daemon, "why", 1, status=1).stderr


def test_explain_tells_state_edges_and_messages(lived):
    daemon, hook, _ = lived
    fingerprint = hook.alerts("low", "firing")[0]["fingerprint"]
    told = json.loads(run(daemon, "explain", fingerprint, "--json").stdout)
    assert told["known"] and "inactive" in told["explanation"]
    assert [e["what"] for e in told["edges"] if e["what"] in ("firing", "resolved")] == ["firing", "resolved"]
    text = run(daemon, "explain", fingerprint).stdout
    assert "recorded:" in text and "sent  hook" in text

    waiting = rule(why(daemon, 2), "waits")["fingerprint"]
    assert "waiting since" in run(daemon, "explain", waiting).stdout
    quiet = rule(why(daemon, 3), "low")["fingerprint"]
    assert "nothing of it is recorded" in run(daemon, "explain", quiet).stdout


def test_they_answer_without_a_daemon_and_leave_no_trace(lived):
    daemon, hook, _ = lived
    daemon.terminate()
    with open(daemon.store_path, "rb") as file:
        before = file.read()
    fingerprint = hook.alerts("low", "firing")[0]["fingerprint"]
    assert rule(why(daemon, 1), "low")["state"] == "resolved"
    assert "recorded:" in run(daemon, "explain", fingerprint).stdout
    with open(daemon.store_path, "rb") as file:
        assert file.read() == before
    # A rule that is gone leaves what is recorded of it.
    daemon.configure(config(*[daemon.config[k] for k in ("sources", "notifiers")], [SPENT]))
    text = run(daemon, "explain", fingerprint).stdout
    assert "low" in text and "recorded:" in text and "when:" not in text.split("recorded:")[0]


def test_two_sources_with_the_same_card_are_told_apart(make_sim, hook, make_daemon):
    one, two = make_sim("--customers", 1, "--cards", 1), make_sim("--customers", 1, "--cards", 1)
    one.set_card(1, available="11")
    two.set_card(1, available="22")
    daemon = make_daemon(config([source(one), source(two, name="second")], webhook(hook)))
    wait_until(lambda: len(hook.alerts("low", "firing")) == 2, "two alerts")
    wait_until(lambda: "say which with --source" in ctl("why", 1, "-c", daemon.config_path).stderr, "both in the store")
    assert why(daemon, 1, "--source", "main")["shown"]["available"] == "11.00"
    assert why(daemon, 1, "--source", "second")["shown"]["available"] == "22.00"
