# SPDX-License-Identifier: Apache-2.0
"""The real daemon with a tree of routes: two receivers, a window around now, an inhibition, and an escalation."""

import datetime
import json

import pytest

from configs import config, source, webhook
from daemon import ctl, stays, wait_until
from test_control import sock  # noqa: F401 (a fixture)

RULES = [{"name": "low", "levels": [{"severity": "warning", "when": "available < 100"},
                                    {"severity": "critical", "when": "available < 0"}]},
         {"name": "waiting", "when": "pending > 50", "severity": "info"}]


def around_now(minutes=120):
    """A window of Berlin's clock that is open for two hours around now, over midnight if need be."""
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = now - datetime.timedelta(minutes=minutes), now + datetime.timedelta(minutes=minutes)
    # Written in a zone that has no summer time, so that the test needs no tables of its own: India is 5:30 ahead.
    return [(t + datetime.timedelta(hours=5, minutes=30)).strftime("%H:%M") for t in (begin, end)]


def tree(sim, chat, pager, sock, muted):  # noqa: F811
    begin, end = around_now()
    return config(source(sim), [webhook(chat, "chat"), webhook(pager, "pager")], rules=RULES, timezone="Asia/Kolkata",
                  windows=[{"name": "now", "from": begin, "to": end}], control={"socket": sock},
                  inhibit=[{"source": {"rule": "low"}, "target": {"rule": "waiting"}, "equal": ["card"]}],
                  route={"notify": ["chat"], "mute": ["now"] if muted else [],
                         "routes": [{"match": {"severity": "critical"}, "mute": [],
                                     "escalate": [{"after": "1s", "notify": ["pager"]}]}]})


@pytest.fixture
def look(sock):  # noqa: F811
    def look(*args):
        done = ctl(*args, "--json", "--socket", sock)
        assert done.returncode == 0, (done.stdout, done.stderr)
        return json.loads(done.stdout)

    return look


def test_the_right_message_to_the_right_place(sim, hook, make_hook, make_daemon, sock, look):  # noqa: F811
    pager = make_hook()
    daemon = make_daemon(tree(sim, hook, pager, sock, muted=True))
    daemon.wait_for_polls(1, "complete")

    # A warning is held by the window, and that is said; what is critical goes out, and to the pager when nobody looks after it.
    sim.set_card(1, available="50")
    wait_until(lambda: [e for e in look("events", "--messages")["events"]
                        if e["what"] == "held" and e["reason"] == "mute now"], "a record of what held it")
    sim.set_card(2, available="-5")
    first = hook.wait_for_alert("low", "firing")
    assert first["card"]["id"] == 2 and not pager.messages
    assert pager.wait_for_alert("low", "firing")["card"]["id"] == 2
    assert [a["card"]["id"] for a in hook.alerts("low")] == [2]

    # While a card is low, that something waits on it says nothing new.
    sim.set_card(2, available="-5", pending="60")
    sim.set_card(1, available="50", pending="60")
    wait_until(lambda: len(look("alerts")["alerts"]) == 4, "four alerts")
    wait_until(lambda: [e for e in look("events", "--messages")["events"] if e["rule"] == "waiting" and e["what"] == "held"],
               "a record of what held that")

    # The window goes: one message tells what is true now; what is told stays told.
    daemon.hup(tree(sim, hook, pager, sock, muted=False))
    wait_until(lambda: [a["card"]["id"] for a in hook.alerts("low", "firing")] == [2, 1], "the other card")
    stays(lambda: not hook.alerts("waiting"), "nothing of what waits", 0.5)

    # Whoever was told hears of the end; then what was held is told.
    sim.set_card(2, available="500", pending="60")
    hook.wait_for_alert("low", "resolved")
    pager.wait_for_alert("low", "resolved")
    assert hook.wait_for_alert("waiting", "firing")["card"]["id"] == 2
    assert [a["state"] for a in pager.alerts()] == ["firing", "resolved"]


def test_a_restart_changes_no_clock(sim, hook, make_hook, make_daemon, sock):  # noqa: F811
    pager = make_hook()
    settings = tree(sim, hook, pager, sock, muted=False)
    settings["route"]["routes"][0]["escalate"][0]["after"] = "3s"
    daemon = make_daemon(settings)
    daemon.wait_for_polls(1, "complete")
    sim.set_card(1, available="-5")
    hook.wait_for_alert("low", "firing")
    daemon.kill9()
    daemon.start()
    assert pager.wait_for_alert("low", "firing")["card"]["id"] == 1
    assert len(hook.alerts("low")) == 1
