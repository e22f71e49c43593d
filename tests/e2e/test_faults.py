# SPDX-License-Identifier: Apache-2.0
"""Every fault of the simulator: what the daemon says of it, and that it is well right after.

Each case is trouble between two quiet times: it begins when polls were complete, and ends when the daemon has seen it. That it is over
the simulator shows by letting a card fall: the poll that brings it, and every later one, has to be complete.
"""

import re
import time

import pytest

from configs import LOW, config, key, login, source, webhook
from daemon import seconds, stays, wait_until
from messages import helps
from simulator import LOGIN, PASSWORD, USERNAME, totp

APPEARED = {"name": "new", "on": "appeared"}
DISAPPEARED = {"name": "lost", "on": "disappeared"}


def fault(kind, **parameters):
    return [{"do": "fault", "endpoint": "list", "kind": kind, "count": -1, **parameters}]


def act(sim, lines):
    """What a script would do."""
    for line in lines:
        said = dict(line)
        do = said.pop("do")
        if do == "clear-faults":
            sim.clear_faults()
        else:
            sim.do({"expire-tokens": "/sim/tokens/expire"}.get(do, f"/sim/{do}"), said or None)


class Case:
    """`trouble`: what the simulator is told; `logs`: a reason that stands in the log; `tells`: the one alert of the daemon's own."""

    def __init__(self, name, trouble, logs=None, tells=None, result=None, calm=(), **keys):
        self.name, self.trouble, self.logs, self.tells = name, trouble, logs, tells
        self.result = result  # of some poll meanwhile
        self.calm = [*calm, {"do": "clear-faults"}]
        self.keys = keys  # of the source


CASES = [
    Case("a token that dies costs a log-in", [{"do": "expire-tokens"}], result="complete", auth=login()),
    Case("a token that dies at page 2", fault("token-expired", page=2, count=1), result="complete", auth=login()),
    Case("a customer falls between two pages", fault("slide-up", page=1), result="complete"),
    Case("a customer stands on two pages", fault("slide-down", page=1), result="complete"),
    Case("a repeated page", fault("repeat-page", page=2)),
    Case("a short page", fault("short-page", page=2, customers=4)),
    Case("a missing page", fault("missing-page", page=2)),
    Case("an empty page", fault("empty", page=3)),
    Case("the number of pages is missing", fault("no-pages-count"), result="complete"),
    Case("smaller pages than asked for", [{"do": "settings", "page_cap": 3}], result="complete",
         calm=[{"do": "settings", "page_cap": 1000}]),
    Case("a slow drip", fault("drip", bytes=8, delay_ms=40), "no (whole )?answer", "source-down", "failed", timeout="1s"),
    Case("a slow drip on one page", fault("drip", page=2, bytes=8, delay_ms=40), "no (whole )?answer", None, "partial",
         timeout="1s"),
    Case("a delay", fault("delay", page=2, delay_ms=5000), "no (whole )?answer", None, "partial", timeout="1s"),
    Case("a body without end", fault("huge"), "larger than", "source-down", "failed", max_response="64KiB"),
    Case("a bomb", fault("gzip-bomb"), "larger than", "source-down", "failed", max_response="64KiB"),
    Case("a bomb on one page", fault("gzip-bomb", page=3), "larger than", None, "partial", max_response="64KiB"),
    Case("another content type is JSON all the same", fault("content-type", page=1), result="complete"),
    Case("a page of HTML", fault("body", body="<html>Sorry!</html>", content_type="text/html", status=200), "JSON",
         "source-down", "failed"),
    Case("garbage", fault("garbage"), "", "source-down", "failed"),
    Case("a reset", fault("reset"), "connection to .* broke", "source-down", "failed"),
    Case("a reset in the middle", fault("reset", page=2, bytes=100), "broke", None, "partial"),
    Case("a truncated answer", fault("truncate"), "ended early", "source-down", "failed"),
    Case("an error of the server", fault("status", status=502), "502", "source-down", "failed"),
    Case("a redirect is not followed", fault("status", status=302, location="/sim/state"), "302, a redirect", "source-down",
         "failed"),
    Case("an error with HTTP 200", fault("envelope-error", code="Account_Suppressed"), "Account_Suppressed", "source-down",
         "failed"),
    Case("the API's clock is off", [{"do": "clock", "offset_ms": -20000}], None, "clock-skew", "complete",
         calm=[{"do": "clock", "offset_ms": 0}]),
]


@pytest.fixture
def play(make_sim, hook, make_daemon):
    """Starts simulator and daemon: 30 customers with a card each, pages of ten. What `prepare` does with the simulator comes first."""

    def start(*args, prepare=None, **keys):
        sim = make_sim("--customers", 30, "--cards", 1, *args)
        for card in range(1, 31):
            sim.set_card(card, available="600", pending="0")
        if prepare:
            prepare(sim)
        keys = {"every": "100ms", "page_size": 10, **keys}
        daemon = make_daemon(config(source(sim, **keys), webhook(hook), [LOW, APPEARED, DISAPPEARED],
                                    builtin={"source-down": {"after": 1}}))
        return sim, daemon

    return start


def results(daemon):
    return [poll["result"] for poll in daemon.polls()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_fault_is_told_and_passes(play, hook, case):
    sim, daemon = play(**case.keys)
    daemon.wait_for_polls(2, "complete")
    begun = len(daemon.polls())
    act(sim, case.trouble)
    daemon.wait_for_polls(2)  # the first of them may have begun before
    if case.result:
        wait_until(lambda: case.result in results(daemon)[begun:], f"a poll that is {case.result}")
    if case.tells:
        hook.wait_for_alert(case.tells, "firing")
    act(sim, case.calm)
    over = len(daemon.polls())
    act(sim, [{"do": "card", "card": 2, "available": "50"}])
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 2
    if case.tells:
        helps(hook.wait_for_alert(case.tells, "firing"), hook.wait_for_alert(case.tells, "resolved"))
    daemon.wait_for_polls(2, "complete")
    assert set(results(daemon)[over + 1:]) == {"complete"}
    told = [(alert["rule"], alert["state"]) for alert in hook.alerts()]
    assert sorted(told) == sorted([("low", "firing")] + [(case.tells, s) for s in ("firing", "resolved") if case.tells])
    if case.result == "complete":
        assert set(results(daemon)) == {"complete"}
    reasons = [line.get("reason", "") for line in daemon.log_lines("page-failed")]
    if case.logs is None:
        assert not reasons or case.result is None, reasons
    else:
        assert reasons and all(re.search(case.logs, reason) for reason in reasons), reasons
    if case.keys.get("auth"):
        assert sim.state()["logins"] == {"good": 2, "bad": 0}


@pytest.mark.parametrize("when", [{"retry_after": 1}, {"retry_date_s": 1}, {"retry_date_s": 1, "kind": "status", "status": 503}],
                         ids=["seconds", "date", "503-and-a-date"])
def test_a_wait_that_is_asked_for(play, hook, when):
    """As a date it is measured by the API's clock, which may be wrong."""
    sim, daemon = play(prepare=lambda sim: sim.set_clock(-14000))
    daemon.wait_for_polls(2, "complete")
    sim.fault("list", **{"kind": "rate-limit", **when})
    held = daemon.wait_for_event("held")
    daemon.wait_for_polls(2, "complete")
    assert re.search("asks to wait 1s", held["reason"]) and seconds(held["until"]) - seconds(held["time"]) <= 1, held
    later = daemon.log_lines()[daemon.log_lines().index(held):]
    begun = next(line for line in later if line["event"] == "source-phase" and line["to"] == "pages")
    assert seconds(begun["time"]) > seconds(held["until"]) - 0.05, begun
    assert {alert["rule"] for alert in hook.alerts()} <= {"source-down"}


def test_a_token_is_renewed_before_it_ends(play, hook):
    sim, daemon = play("--token-lifetime", "3s", auth=login())
    wait_until(lambda: sim.state()["logins"]["good"] == 3, "two renewals")
    assert daemon.log_lines("page-failed") == [] and sim.state()["logins"]["bad"] == 0
    assert len(daemon.polls()) == len(daemon.polls("complete")) and hook.requests == []


def test_a_locked_account_is_left_alone(play, hook):
    """Somebody else's wrong log-ins locked it: one attempt of ours, then quiet; a reload tries again at once."""
    sim, daemon = play(auth=login())
    daemon.wait_for_polls(2, "complete")
    for _ in range(3):
        sim.post(LOGIN, {"username": USERNAME, "password": "wrong", "otp": totp()})
    sim.expire_tokens()
    alert = hook.wait_for_alert("auth-failed", "firing")
    assert "Account_Locked" in alert["summary"] and "locked" in alert["description"]
    stays(lambda: sim.state()["logins"]["bad"] == 4, "one log-in of ours only", 0.5)
    sim.unlock()
    daemon.hup()
    hook.wait_for_alert("auth-failed", "resolved")
    assert sim.state()["logins"] == {"good": 2, "bad": 4}
    assert {a["rule"] for a in hook.alerts()} == {"auth-failed"}


def test_one_time_passwords_that_are_good_once(play, hook):
    """Told to, the daemon never sends one twice, and asks for one page at a time."""
    sim, daemon = play("--otp-single-use", auth={**key(), "otp_single_use": True}, page_size=30)
    daemon.wait_for_event("poll-ended")
    began = time.time()
    stays(lambda: sim.state()["requests"]["list"] <= 2 + int(time.time() / 30) - int(began / 30), "a request a step", 1)
    assert sim.state()["refused_otp"] == 0 and hook.requests == [] and daemon.log_lines("page-failed") == []


def test_one_time_passwords_that_turn_out_to_be_good_once(play, hook):
    """Not told so, it cannot know: whoever reads the alert learns which key to set."""
    sim, daemon = play()
    daemon.wait_for_polls(1, "complete")
    sim.settings(otp_single_use=True)
    alert = hook.wait_for_alert("auth-failed", "firing")
    assert "otp" in alert["summary"] and "otp_single_use" in alert["description"]
