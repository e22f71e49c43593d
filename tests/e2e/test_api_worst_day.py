# SPDX-License-Identifier: Apache-2.0
"""The card API on its worst day: whatever it does, the daemon knows what it knows, and asks no more often than it may."""

import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from configs import LOW, config, login, source, webhook
from daemon import seconds, stays, wait_until

APPEARED = {"name": "new", "on": "appeared"}
DISAPPEARED = {"name": "lost", "on": "disappeared"}
FIRST = 11001  # the simulator's first customer; cards are numbered from 1, customer by customer


def rules_told(hook):
    return {alert["rule"] for alert in hook.alerts()}


def firing(hook, rule):
    """Ids of the cards whose last word about this rule is that it fires."""
    last = {}
    for alert in hook.alerts(rule):
        last[alert["card"]["id"]] = alert["state"]
    return {card for card, state in last.items() if state == "firing"}


def logins(sim):
    return sim.state()["logins"]


@pytest.fixture
def many(make_sim):
    """40 customers with a card each, well above every limit."""
    sim = make_sim("--customers", 40, "--cards", 1)
    for card in range(1, 41):
        sim.set_card(card, available="600", pending="0")
    return sim


# The token's life


def test_a_dead_token_costs_one_login_and_no_poll(many, hook, make_daemon):
    daemon = make_daemon(config(source(many, auth=login(), page_size=10), webhook(hook)))
    daemon.wait_for_polls(2)
    for deaths in range(1, 6):
        many.expire_tokens()
        daemon.wait_for_polls(2)
        assert logins(many) == {"good": 1 + deaths, "bad": 0}
    assert len(daemon.polls("complete")) == len(daemon.polls())
    assert hook.requests == []


def test_a_token_that_dies_between_pages_costs_one_login_too(many, hook, make_daemon):
    daemon = make_daemon(config(source(many, auth=login(), page_size=5), webhook(hook)))
    daemon.wait_for_polls(2)
    many.fault("list", "token-expired", page=4)  # pages before and beside it were read with the same token
    wait_until(lambda: logins(many)["good"] == 2, "a second log-in")
    daemon.wait_for_polls(3)
    assert logins(many) == {"good": 2, "bad": 0}
    assert len(daemon.polls("complete")) == len(daemon.polls())


@pytest.mark.parametrize("page", [1, 3, 4])
def test_a_page_that_answers_401_fails_alone(many, hook, make_daemon, page):
    """Page 4 is the last: nothing after it tells that the new token is good."""
    daemon = make_daemon(config(source(many, auth=login(), page_size=10), webhook(hook)))
    daemon.wait_for_polls(2)
    many.fault("list", "status", page=page, status=401, count=-1)
    wait_until(lambda: logins(many)["good"] == 2, "a second log-in")
    many.set_card(15, available="50")
    hook.wait_for_alert("low", "firing")
    daemon.wait_for_polls(5, "partial")
    assert logins(many) == {"good": 2, "bad": 0}
    many.expire_tokens()
    daemon.wait_for_polls(3, "partial")
    assert logins(many) == {"good": 3, "bad": 0}
    many.clear_faults()
    daemon.wait_for_polls(2, "complete")
    assert logins(many) == {"good": 3, "bad": 0}
    assert rules_told(hook) == {"low"}


def test_an_account_that_no_page_is_served_to_is_left_alone(many, hook, make_daemon):
    daemon = make_daemon(config(source(many, auth=login(), page_size=10), webhook(hook)))
    daemon.wait_for_polls(2)
    many.fault("list", "status", status=401, count=-1)
    assert "401" in str(hook.wait_for_alert("auth-failed", "firing"))
    stays(lambda: logins(many) == {"good": 2, "bad": 0}, "no further log-in", 0.6)
    assert rules_told(hook) == {"auth-failed"}


def test_a_spell_of_401_ends_with_the_spell(sim, hook, make_daemon):
    """The log-in worked, so the token goes on being tried: nobody is blind for ten minutes after the API is well again."""
    daemon = make_daemon(config(source(sim, auth=login()), webhook(hook)))
    daemon.wait_for_polls(2)
    sim.fault("list", "status", status=401, count=-1)
    assert hook.wait_for_alert("auth-failed", "firing")
    daemon.wait_for_polls(5)
    assert logins(sim) == {"good": 2, "bad": 0}
    sim.clear_faults()
    hook.wait_for_alert("auth-failed", "resolved")
    daemon.wait_for_polls(2, "complete")
    assert logins(sim) == {"good": 2, "bad": 0}


@pytest.mark.parametrize("status", [400, 401, 403, 422, 423])
def test_a_login_that_is_refused_by_the_status_alone_costs_one_too(hook, make_daemon, status):
    """Some gateways say no without a code: it may well have been the password."""
    asked = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        gateway = SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}")
        daemon = make_daemon(config(source(gateway, auth=login()), webhook(hook)))
        assert str(status) in hook.wait_for_alert("auth-failed", "firing")["summary"]
        daemon.wait_for_polls(6)
        assert len(asked) == 1
    finally:
        server.shutdown()
        server.server_close()


def test_wrong_credentials_cost_one_login_a_restart_included(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim, auth=login(password="wrong")), webhook(hook)))
    hook.wait_for_alert("auth-failed", "firing")
    for _ in range(3):
        stays(lambda: logins(sim)["bad"] == 1, "one log-in only", 0.6)
        daemon.restart()
    stays(lambda: logins(sim)["bad"] == 1, "one log-in only", 0.6)
    daemon.kill9()
    daemon.start()
    stays(lambda: logins(sim)["bad"] == 1, "one log-in only", 0.6)
    assert rules_told(hook) == {"auth-failed"} and len(hook.messages) == 1
    daemon.hup(config(source(sim, auth=login()), webhook(hook)))
    hook.wait_for_alert("auth-failed", "resolved")


# Pages


def test_pages_that_move_while_they_are_read_lose_nobody(many, hook, make_daemon):
    """Failure 10: at every poll one customer goes or comes between page 1 and page 2."""
    rules = [LOW, APPEARED, DISAPPEARED]
    daemon = make_daemon(config(source(many, page_size=10, every="100ms"), webhook(hook), rules))
    daemon.wait_for_polls(2)
    for card in (2, 11, 12, 21, 31):
        many.set_card(card, available="50")
    wait_until(lambda: firing(hook, "low") == {2, 11, 12, 21, 31}, "five alerts")
    many.fault("list", "delay", page=1, delay_ms=30, count=-1)  # between what page 1 shows and the request for page 2
    away, polls, order = None, many.polls(), list(range(1, 41))
    for _ in range(110):
        polls = wait_until(lambda: many.polls() > polls and many.polls(), "another poll")
        if away is None:
            away = order.pop(0)
            many.remove_customer(FIRST + away - 1)
        else:
            cards = [{"card": away, "available": "50" if away in (2, 11, 12, 21, 31) else "600", "pending": "0"}]
            many.set_customer(FIRST + away - 1, reference=f"customer {away}", cards=cards)
            order.append(away)
            away = None
    daemon.wait_for_polls(3)
    assert hook.alerts("lost") == [] and hook.alerts("new") == []
    assert hook.alerts("low", "resolved") == [] and len(hook.alerts("low")) == 5
    assert many.state()["requests"]["customer"] > 0  # somebody did slip through


def test_who_is_really_gone_disappears(many, hook, make_daemon):
    daemon = make_daemon(config(source(many, page_size=10), webhook(hook), [LOW, DISAPPEARED]))
    daemon.wait_for_polls(2)
    many.set_card(15, available="50")
    hook.wait_for_alert("low", "firing")
    many.remove_customer(FIRST + 14)
    assert hook.wait_for_alert("lost")["card"]["id"] == 15
    alert = hook.wait_for_alert("low", "resolved")
    assert alert["card"]["id"] == 15 and alert["reason"] == "card disappeared"
    asked = many.state()["requests"]["customer"]
    daemon.wait_for_polls(5)
    assert asked == many.state()["requests"]["customer"] == 1  # who is gone is asked for once
    assert len(hook.alerts()) == 3


@pytest.mark.parametrize("fault", [{"kind": "repeat-page", "page": 3}, {"kind": "short-page", "page": 2, "customers": 3},
                                   {"kind": "empty", "page": 4}, {"kind": "no-pages-count"}, {"kind": "no-pages-count", "page": 1},
                                   {"kind": "status", "page": 2, "status": 500}, {"kind": "garbage", "page": 3},
                                   {"kind": "truncate", "page": 4}, {"kind": "reset", "page": 2},
                                   {"kind": "envelope-error", "page": 3}, {"kind": "status", "page": 1, "status": 502},
                                   {"kind": "token-expired", "page": 2}],
                         ids=lambda fault: "-".join(str(value) for value in fault.values()))
def test_odd_pages_lose_nobody(many, hook, make_daemon, fault):
    daemon = make_daemon(config(source(many, page_size=10), webhook(hook), [LOW, DISAPPEARED],
                                builtin={"source-down": {"enabled": False}, "auth-failed": {"enabled": False}}))
    daemon.wait_for_polls(2)
    for card in (5, 15, 25, 35):
        many.set_card(card, available="50")
    wait_until(lambda: firing(hook, "low") == {5, 15, 25, 35}, "four alerts")
    many.fault("list", count=-1, **fault)
    daemon.wait_for_polls(6)
    assert hook.alerts("lost") == [] and hook.alerts("low", "resolved") == []
    many.clear_faults()
    daemon.wait_for_polls(2, "complete")
    many.set_card(5, available="700")
    assert hook.wait_for_alert("low", "resolved")["card"]["id"] == 5
    assert len(hook.alerts("low")) == 5


def test_when_page_1_fails_the_others_are_read(many, hook, make_daemon):
    """How many there are is known from the poll before."""
    daemon = make_daemon(config(source(many, page_size=10), webhook(hook), [LOW, DISAPPEARED]))
    daemon.wait_for_polls(2)
    many.fault("list", "status", page=1, status=500, count=-1)
    many.set_card(5, available="50")
    many.set_card(35, available="50")
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 35
    daemon.wait_for_polls(4, "partial")
    assert len(hook.alerts()) == 1
    many.clear_faults()
    assert hook.wait_for_alert("low", "firing", 2)["card"]["id"] == 5


def test_when_page_1_fails_at_first_nothing_is_known(many, hook, make_daemon):
    many.fault("list", "status", page=1, status=500, count=-1)
    many.set_card(35, available="50")
    daemon = make_daemon(config(source(many, page_size=10), webhook(hook), [LOW, APPEARED]))
    hook.wait_for_alert("source-down", "firing")
    assert daemon.polls("partial") == daemon.polls("complete") == []
    many.clear_faults()
    hook.wait_for_alert("source-down", "resolved")
    hook.wait_for_alert("low", "firing")
    daemon.wait_for_polls(2)
    assert rules_told(hook) == {"source-down", "low"}


# What is too odd to be true


def test_zeros_in_the_list_alone_wake_nobody_else(many, hook, make_daemon):
    """Failure 19."""
    daemon = make_daemon(config(source(many, page_size=10, stale_after=3), webhook(hook), [LOW, DISAPPEARED]))
    daemon.wait_for_polls(2)
    many.set_card(7, available="50")
    hook.wait_for_alert("low", "firing")
    many.fault("list", "list-zero", count=-1)
    alert = hook.wait_for_alert("suspect-snapshot", "firing")
    assert "40" in alert["summary"] and alert["card"] is None
    daemon.wait_for_polls(8)
    assert many.state()["requests"]["customer"] % 10 == 0
    many.clear_faults()
    hook.wait_for_alert("suspect-snapshot", "resolved")
    daemon.wait_for_polls(3, "complete")
    assert [(a["rule"], a["state"]) for a in hook.alerts()] == [
        ("low", "firing"), ("suspect-snapshot", "firing"), ("suspect-snapshot", "resolved")]


def test_half_the_customers_missing_from_the_list_alone_wake_nobody_else(many, hook, make_daemon):
    daemon = make_daemon(config(source(many, page_size=10, stale_after=3), webhook(hook), [LOW, DISAPPEARED]))
    daemon.wait_for_polls(2)
    many.fault("list", "list-half", count=-1)
    hook.wait_for_alert("suspect-snapshot", "firing")
    many.set_card(1, available="50")  # the others are watched
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 1
    daemon.wait_for_polls(8)
    many.clear_faults()
    hook.wait_for_alert("suspect-snapshot", "resolved")
    daemon.wait_for_polls(3, "complete")
    assert [(a["rule"], a["state"]) for a in hook.alerts()] == [
        ("suspect-snapshot", "firing"), ("low", "firing"), ("suspect-snapshot", "resolved")]


def test_zeros_that_the_customers_confirm_are_believed(many, hook, make_daemon):
    daemon = make_daemon(config(source(many, page_size=10), webhook(hook, list="all"), [LOW]))
    daemon.wait_for_polls(2)
    many.fault("list", "delay", page=1, delay_ms=150)  # all of it between two polls
    for card in range(1, 41):
        many.set_card(card, available="0")
    hook.wait_for_alert("suspect-snapshot", "resolved")
    wait_until(lambda: firing(hook, "low") == set(range(1, 41)), "forty alerts")
    assert len(hook.alerts("suspect-snapshot")) == 2


def test_customers_that_are_really_gone_are_believed_to_be(many, hook, make_daemon):
    daemon = make_daemon(config(source(many, page_size=10), webhook(hook), [LOW, DISAPPEARED]))
    daemon.wait_for_polls(2)
    daemon.signal(19)  # SIGSTOP: all of it between two polls
    for customer in range(FIRST + 20, FIRST + 40):
        many.remove_customer(customer)
    daemon.signal(18)
    hook.wait_for_alert("suspect-snapshot", "firing")
    hook.wait_for_alert("suspect-snapshot", "resolved")
    wait_until(lambda: {a["card"]["id"] for a in hook.alerts("lost")} == set(range(21, 41)), "twenty that are lost")


# Waiting when told


def test_retry_after_slows_the_whole_source(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook)))
    daemon.wait_for_polls(2)
    sim.fault("list", "rate-limit", retry_after="2")
    held = daemon.wait_for_event("held")
    daemon.wait_for_polls(3)
    assert "asks to wait 2s" in held["reason"]
    later = daemon.log_lines()[daemon.log_lines().index(held):]
    asked = next(line for line in later if line["event"] == "source-phase" and line["to"] == "pages")
    assert seconds(asked["time"]) > seconds(held["until"]) - 0.05, asked
    assert hook.requests == []


# Clocks


def test_clock_skew(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook)))
    daemon.wait_for_polls(2)
    sim.set_clock(20_000)  # one-time passwords of the step before are good still
    alert = hook.wait_for_alert("clock-skew", "firing")
    assert alert["severity"] == "warning" and "behind" in alert["summary"]
    sim.set_clock(0)
    hook.wait_for_alert("clock-skew", "resolved")
    assert rules_told(hook) == {"clock-skew"}


# The faster lane


def test_the_faster_lane_sees_first(many, hook, make_daemon):
    watch = [{"customers": [FIRST + 4], "every": "100ms"}]
    daemon = make_daemon(config(source(many, every="1h", watch=watch), webhook(hook), [LOW, DISAPPEARED]))
    daemon.wait_for_polls(1) if not daemon.polls() else None
    many.set_card(5, available="50")
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 5
    many.set_card(6, available="50")  # nobody looks
    many.set_card(5, available="600")
    hook.wait_for_alert("low", "resolved")
    hook.stays_at(2, 0.5)
    assert many.polls() == 1
    daemon.poll_now()
    assert hook.wait_for_alert("low", "firing", 2)["card"]["id"] == 6


# Connections


def test_a_steady_poll_opens_no_connection(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 200, "--cards", 1, "--page-cap", 10)
    sim.fault("list", "delay", delay_ms=200, count=-1)
    daemon = make_daemon(config(source(sim, every="1s", concurrency=8), webhook(hook)))
    daemon.wait_for_polls(2, timeout_s=30)
    opened, own = sim.state()["connections"], 1
    daemon.wait_for_polls(3, timeout_s=30)
    took = [poll["took_ms"] for poll in daemon.polls()[-3:]]
    # Each question of this test is a connection of its own.
    asked = sim.state()["connections"] - opened
    assert asked == own, f"{asked - own} new connections"
    assert opened <= 8 + own + 1 + 1  # the fault and the question itself
    assert max(int(ms) for ms in took) < 1000, took


# Everything at once


FAULTS = [("list", "status", {"status": 500}), ("list", "status", {"status": 404}), ("list", "reset", {}),
          ("list", "truncate", {}), ("list", "garbage", {}), ("list", "drip", {"bytes": 64}), ("list", "delay", {"delay_ms": 300}),
          ("list", "empty", {}), ("list", "repeat-page", {}), ("list", "short-page", {"customers": 4}),
          ("list", "no-pages-count", {}), ("list", "envelope-error", {}), ("list", "content-type", {}),
          ("list", "list-zero", {}), ("list", "list-half", {}),
          ("customer", "status", {"status": 503}), ("customer", "reset", {}), ("customer", "garbage", {}),
          ("login", "status", {"status": 500})]


def test_a_bad_day_leaves_the_truth(many, hook, make_daemon, seed):
    """Random faults for a while: at the end the alerts are the simulator's truth, and polls go on within one interval."""
    rng = random.Random(seed)
    daemon = make_daemon(config(source(many, auth=login(), page_size=10, timeout="1s", missing_after=3),
                                webhook(hook, list="all"), [LOW]))
    daemon.wait_for_polls(2)
    truth = {card: 600 for card in range(1, 41)}
    end, expires = time.monotonic() + 20, time.monotonic() + 1
    while time.monotonic() < end:
        endpoint, kind, more = rng.choice(FAULTS)
        page = {"page": rng.randint(1, 4)} if endpoint == "list" and rng.random() < 0.7 else {}
        many.fault(endpoint, kind, count=rng.randint(1, 3), **page, **more)
        for card in rng.sample(range(1, 41), 2):
            truth[card] = rng.choice([50, 99, 100, 600])
            many.set_card(card, available=str(truth[card]))
        if time.monotonic() >= expires:  # seldom enough that the one from a new log-in can be used
            many.expire_tokens()
            expires += 4
        time.sleep(rng.random() * 0.15)
    many.clear_faults()
    polls = many.polls()
    wait_until(lambda: many.polls() > polls, "a further poll")
    daemon.wait_for_polls(2, "complete")
    for card in truth:  # out of the band, where the past decides
        truth[card] = rng.choice([50, 600])
        many.set_card(card, available=str(truth[card]))
    low = {card for card, available in truth.items() if available < 100}
    wait_until(lambda: firing(hook, "low") == low, lambda: f"{sorted(low)}, only {sorted(firing(hook, 'low'))}")
    daemon.wait_for_polls(3, "complete")
    assert firing(hook, "low") == low
    states = {}
    for alert in hook.alerts("low"):
        card, state = alert["card"]["id"], alert["state"]
        assert states.get(card) != state and (state == "firing" or card in states), f"card {card} is told {state} once more"
        states[card] = state
