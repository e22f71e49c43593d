# SPDX-License-Identifier: Apache-2.0
"""The main job: a balance falls, somebody is told once; it recovers, they are told once."""

import re
import signal

import pytest

from configs import LOW, config, source, webhook
from daemon import sanitized, stays, wait_until

# Polls after which whatever was set has been read, decided and told, had there been anything to tell.
SETTLED = 4


def pages_of(sim, page_size):
    """Card ids by page, as the list serves them now."""
    pages, number = [], 1
    while True:
        answer = sim.list(pageNumber=number, pageSize=page_size).json
        pages.append([card["id"] for customer in answer["details"] for card in customer["cards"]])
        if number >= answer["numberOfPages"]:
            return pages
        number += 1


def test_a_fall_is_told_once_and_a_recovery_is_told_once(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    message = hook.wait_for_messages(1)[0]
    assert (message["kind"], message["status"], message["baseline"], message["repeat"]) == ("alert", "firing", False, 0)
    assert message["counts"] == {"firing": 1, "resolved": 0, "events": 0, "listed": 1}
    alert = message["alerts"][0]
    assert (alert["rule"], alert["state"], alert["severity"], alert["source"]) == ("low", "firing", "warning", "main")
    assert alert["customer"] == {"id": 11001, "reference": "acme-1"}
    assert alert["card"] == {"id": 1, "currency": "USD", "last4": "9193", "suppressed": False}
    assert alert["balances"] == {"available": "99.99", "pending": "0.00", "total": "99.99"}
    assert alert["previous"]["available"] == "600.00"
    assert alert["value"] == {"fired": "99.99", "worst": "99.99", "current": "99.99"}
    assert re.fullmatch("[0-9a-f]{16}", alert["fingerprint"]) and alert["resolved_at"] is None

    sim.set_card(1, available="119.99")
    sim.wait_for_polls(SETTLED)
    hook.stays_at(1, 0.3)

    sim.set_card(1, available="120")
    message = hook.wait_for_messages(2)[1]
    resolved = message["alerts"][0]
    assert (message["status"], message["counts"]["resolved"], resolved["state"]) == ("resolved", 1, "resolved")
    assert resolved["balances"]["available"] == "120.00" and resolved["value"]["worst"] == "99.99"
    assert resolved["fingerprint"] == alert["fingerprint"] and resolved["resolved_at"]
    sim.wait_for_polls(SETTLED)
    hook.stays_at(2, 0.3)


def test_the_first_poll_makes_one_message_that_says_so(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 10, "--cards", 1, "--low", 5)
    make_daemon(config(source(sim), webhook(hook), route={"notify": ["hook"], "group_by": ["rule", "customer"]}))
    message = hook.wait_for_messages(1)[0]
    assert message["baseline"] is True and message["counts"]["firing"] == 5
    assert sorted(a["card"]["id"] for a in message["alerts"]) == [1, 2, 3, 4, 5]
    sim.wait_for_polls(SETTLED)
    hook.stays_at(1, 0.3)
    sim.set_card(9, available="1")
    assert hook.wait_for_messages(2)[1]["baseline"] is False


def test_a_baseline_without_alerts_is_silent(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(SETTLED)
    assert hook.requests == []


def test_a_page_that_fails_leaves_its_cards_as_they_were(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 50, "--cards", 1)
    first, _, third = pages_of(sim, 10)[:3]
    make_daemon(config(source(sim, page_size=10), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(third[4], available="50")
    hook.wait_for_alert("low", "firing")

    sim.fault("list", "status", page=3, status=500, count=-1)
    sim.wait_for_polls(2)
    sim.set_card(third[4], available="500")  # its recovery cannot be seen
    sim.set_card(third[5], available="5")  # nor this fall
    sim.set_card(first[0], available="42.50")
    hook.wait_for_alert("low", "firing", 2)
    sim.wait_for_polls(SETTLED)
    assert [a["card"]["id"] for a in hook.alerts()] == [third[4], first[0]]

    sim.clear_faults()
    assert hook.wait_for_alert("low", "resolved")["card"]["id"] == third[4]
    hook.wait_for_alert("low", "firing", 3)
    assert sorted(a["card"]["id"] for a in hook.alerts(state="firing")) == sorted([third[4], third[5], first[0]])


@pytest.mark.parametrize("kind, parameters", [
    ("garbage", {}), ("truncate", {"bytes": 300}), ("reset", {}), ("envelope-error", {"code": "Invalid"}),
    ("status", {"status": 503}), ("body", {"body": '{"details":[],"status":1}'}),
])
def test_an_answer_that_is_none_changes_nothing(sim, hook, make_daemon, kind, parameters):
    sim.set_card(1, available="50")
    make_daemon(config(source(sim), webhook(hook), builtin={"source-down": {"severity": "critical", "after": 1000}}))
    hook.wait_for_messages(1)
    sim.fault("list", kind, count=-1, **parameters)
    sim.wait_for_polls(1)
    sim.set_card(1, available="500")
    sim.set_card(2, available="1")
    sim.wait_for_polls(SETTLED)
    hook.stays_at(1, 0.2)
    sim.clear_faults()
    hook.wait_for_alert("low", "resolved")
    hook.wait_for_alert("low", "firing", 2)


def test_an_event_is_told_each_time(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook), [{"name": "suppression", "on": "changed(suppressed)", "severity": "info"}]))
    sim.wait_for_polls(2)
    sim.set_card(2, suppressed=True)
    message = hook.wait_for_messages(1)[0]
    assert (message["kind"], message["status"]) == ("event", "event")
    assert message["alerts"][0]["state"] == "event" and message["alerts"][0]["card"]["suppressed"] is True
    sim.wait_for_polls(SETTLED)
    hook.stays_at(1, 0.2)
    sim.set_card(2, suppressed=False)
    assert hook.wait_for_messages(2)[1]["kind"] == "event"
    assert len({r.id for r in hook.requests}) == 2


def test_a_deactivated_card_resolves_and_says_why(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="1")
    hook.wait_for_alert("low", "firing")
    sim.set_card(1, suppressed=True)
    assert hook.wait_for_alert("low", "resolved")["reason"] == "card suppressed"
    sim.set_card(2, available="1", suppressed=True)
    sim.wait_for_polls(SETTLED)
    hook.stays_at(2, 0.2)


@pytest.mark.parametrize("given, currency, told", [
    ("99.999999", "usd", "99.999999"), ("-0.01", "usd", "-0.01"), ("9.5e1", "usd", "95.00"), ('"95.10"', "eur", "95.10"),
    ("0.000001", "usd", "0.000001"), ("95", "jpy", "95"), ("95", "kwd", "95.000"), ("-9223372036854.775807", "usd",
                                                                                   "-9223372036854.775807"),
])
def test_amounts_are_exact(sim, hook, make_daemon, given, currency, told):
    sim.set_card(1, currency=currency)
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, raw={"availableBalance": given})
    assert hook.wait_for_alert("low", "firing")["balances"]["available"] == told


def test_a_number_of_the_rule_is_in_the_currency_it_names(sim, hook, make_daemon):
    sim.set_card(2, currency="eur")
    make_daemon(config(source(sim), webhook(hook), [{"name": "low", "when": "available < 100 EUR"}]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="5")
    sim.set_card(2, available="5")
    hook.wait_for_messages(1)
    sim.wait_for_polls(SETTLED)
    assert [a["card"]["id"] for a in hook.alerts()] == [2]


def test_params_overrides_and_match(sim, hook, make_daemon):
    rules = [{"name": "low", "params": {"floor": 100}, "when": "available < floor",
              "overrides": [{"match": {"customer": 11002}, "params": {"floor": 1000}}]},
             {"name": "mine", "match": {"reference": "*-3"}, "when": "available < 700", "severity": "critical"},
             {"name": "off", "when": "available < 99999", "enabled": False}]
    make_daemon(config(source(sim), webhook(hook), rules))
    message = hook.wait_for_messages(1)[0]
    assert {(a["rule"], a["card"]["id"]) for a in message["alerts"]} == {("low", 2), ("mine", 3)}
    assert message["severity"] == "critical" and message["alerts"][0]["rule"] == "mine"


def test_messages_are_signed(sim, hook, make_daemon):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    make_daemon(config(source(sim), webhook(hook, secret=f"plain:{secret}")))
    sim.wait_for_polls(2)
    sim.set_card(1, available="1")
    hook.wait_for_messages(1)
    assert hook.requests[0].signature_is_good(secret)
    assert not hook.requests[0].signature_is_good("whsec_" + "A" * 32)


def test_usr1_polls_now(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim, every="1h"), webhook(hook)))
    wait_until(lambda: sim.polls() == 1, "the first poll")
    sim.set_card(1, available="1")
    stays(lambda: sim.polls() == 1, "a poll before its time", 0.5)
    # A poll under way would swallow the signal: ask until one came.
    wait_until(lambda: daemon.poll_now() or sim.polls() > 1, "a poll when asked for")
    hook.wait_for_alert("low", "firing")


def test_groups_keep_rules_and_customers_apart(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 2, "--cards", 2)
    make_daemon(config(source(sim), webhook(hook), route={"notify": ["hook"], "group_by": ["rule", "customer"]}))
    sim.wait_for_polls(2)
    sim.fault("list", "delay", delay_ms=400, count=2)  # so that one poll sees all of them
    for card in (1, 2, 3, 4):
        sim.set_card(card, available="1")
    wait_until(lambda: len(hook.alerts("low", "firing")) >= 4, "four alerts")
    for message in hook.messages:
        assert {str(a["customer"]["id"]) for a in message["alerts"]} == {message["group"]["customer"]}
        assert message["group"]["rule"] == "low"


def test_an_unchanged_group_is_repeated_when_asked_for(sim, hook, make_daemon):
    sim.set_card(1, available="1")
    make_daemon(config(source(sim), webhook(hook), route={"notify": ["hook"], "repeat_every": "700ms"}))
    messages = hook.wait_for_messages(3)
    assert [m["repeat"] for m in messages] == [0, 1, 2]
    assert len({r.id for r in hook.requests[:3]}) == 3


def test_term_and_int_end_with_0(sim, hook, make_daemon):
    for number in (signal.SIGTERM, signal.SIGINT):
        daemon = make_daemon(config(source(sim), webhook(hook)))
        daemon.signal(number)
        assert daemon.wait_exit() == 0


@pytest.mark.skipif(sanitized(), reason="a sanitizer takes memory of its own")
def test_a_hundred_thousand_cards_stay_below_100_mb(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 50000, "--cards", 2, "--low", 20000)
    daemon = make_daemon(config(source(sim, every="1s", page_size=1000, timeout="30s"), webhook(hook)))
    message = hook.wait_for_messages(1, timeout_s=60)[0]
    assert message["baseline"] is True and message["counts"]["firing"] == 20000
    sim.wait_for_polls(2, timeout=60)
    sim.set_card(100000, available="1")
    assert hook.wait_for_messages(2, timeout_s=60)[1]["alerts"][0]["card"]["id"] == 100000
    assert daemon.memory_kb() < 100 * 1024


def test_a_balance_around_its_limit_makes_one_alert(sim, hook, make_daemon, seed):
    make_daemon(config(source(sim, every="50ms"), webhook(hook), [LOW]))
    sim.wait_for_polls(2)
    for i in range(30):
        sim.set_card(1, available="99.99" if (i ^ seed) & 1 else "100.01")
        sim.wait_for_polls(1)
    sim.wait_for_polls(SETTLED)
    assert len(hook.messages) <= 1
