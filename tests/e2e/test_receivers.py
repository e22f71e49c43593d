# SPDX-License-Identifier: Apache-2.0
"""Receivers that are slow, silent, rude or endless, and answers that are too large (failures 7, 8, 16 and 18)."""

import threading
import time

import pytest

from configs import LOW, config, mail, source, syslog, webhook
from daemon import sanitized
from receivers import Answer

EVIL = 'a"b\'c\n<script>alert(1)</script>{{card.id}}&amp; \u202e\u00fc\U0001f4b3 '


@pytest.mark.parametrize("answer", [
    Answer(429, {"Retry-After": "2"}), Answer(500), Answer(hang=True), Answer(drop=True), Answer(200, drip=True),
], ids=str)
def test_one_bad_receiver_delays_nobody(sim, make_hook, make_daemon, answer):
    bad, good = make_hook(answer), make_hook()
    make_daemon(config(source(sim), [webhook(bad, "bad", timeout="1s"), webhook(good, "good")]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    good.wait_for_alert("low", "firing", timeout_s=3)
    sim.set_card(2, available="1")
    good.wait_for_alert("low", "firing", 2, timeout_s=3)
    bad.wait_for_requests(1)


def test_a_wait_that_is_asked_for_is_obeyed(sim, hook, make_daemon):
    hook.answer(Answer(429, {"Retry-After": "2"}), Answer(503, {"Retry-After": "1"}))
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    one, two, three = hook.wait_for_requests(3)
    assert two.at - one.at >= 1.9 and three.at - two.at >= 0.9
    assert one.body == two.body == three.body
    assert one.headers["webhook-timestamp"] != three.headers["webhook-timestamp"]


def test_a_silent_receiver_is_left_after_the_timeout(sim, hook, make_daemon):
    hook.answer(Answer(hang=True), Answer(200, drip=True))
    make_daemon(config(source(sim), webhook(hook, timeout="500ms")))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    started = time.monotonic()
    hook.wait_for_messages(1)
    assert time.monotonic() - started < 15
    assert len({r.id for r in hook.requests}) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 410, 302])
def test_what_is_refused_for_good_is_not_tried_again(sim, make_hook, make_daemon, status):
    bad, good = make_hook(Answer(status, {"Location": "http://127.0.0.1:9/"})), make_hook()
    make_daemon(config(source(sim), [webhook(bad, "bad"), webhook(good, "good")], route={"notify": ["bad"]}))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    alert = good.wait_for_alert("notifier-failing", "firing")
    assert "bad" in alert["summary"]
    sim.wait_for_polls(4)
    assert len(bad.requests) == 1
    bad.default = Answer()
    sim.set_card(2, available="1")
    good.wait_for_alert("notifier-failing", "resolved")


def test_what_nobody_takes_in_time_is_told_through_others(sim, make_hook, make_daemon):
    bad, good = make_hook(Answer(500)), make_hook()
    make_daemon(config(source(sim), [webhook(bad, "bad", retry_for="1s"), webhook(good, "good")], route={"notify": ["bad"]}))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    good.wait_for_alert("notifier-failing", "firing")


def test_a_resolution_waits_for_its_firing(sim, hook, make_daemon):
    hook.answer(*[Answer(503, {"Retry-After": "1"})] * 2)
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_requests(1)
    sim.set_card(1, available="120")
    firing, resolved = hook.wait_for_messages(2)
    assert (firing["status"], resolved["status"]) == ("firing", "resolved")
    assert firing["alerts"][0]["balances"]["available"] == "99.99"


def test_what_was_never_tried_folds(sim, make_hook, make_daemon):
    """While the first message hangs, another card of the group falls and recovers: one message tells the outcome."""
    hook = make_hook()
    over = threading.Event()
    hook.answer(Answer(503, {"Retry-After": "1"}, after=over))
    daemon = make_daemon(config(source(sim), webhook(hook, timeout="20s"), route={"notify": ["hook"], "group_by": ["rule"]}))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_requests(1)
    for available in ("5", "600", "4"):
        sim.set_card(2, available=available)
        daemon.wait_for_polls(2)
    sim.set_card(1, available="120")
    daemon.wait_for_polls(2)
    over.set()
    first, second = hook.wait_for_messages(2)
    assert [a["card"]["id"] for a in first["alerts"]] == [1]
    told = {a["card"]["id"]: a["state"] for a in second["alerts"]}
    assert told == {1: "resolved", 2: "firing"}
    sim.wait_for_polls(4)
    hook.stays_at(2, 0.3)


def test_busy_then_broken_then_silent(sim, make_hook, make_daemon):
    """A asks for time, fails, falls silent and is given up, while B hears of everything at once, and of A; and what becomes of
    the alert meanwhile is told in order, behind bytes that do not change."""
    a, b = make_hook(Answer(hang=True)), make_hook()
    a.answer(Answer(429, {"Retry-After": "2"}), Answer(500))
    make_daemon(config(source(sim), [webhook(a, "a", timeout="500ms", retry_for="8s"), webhook(b, "b")]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    a.wait_for_requests(1)
    for state, count, available in [("resolved", 1, "150"), ("firing", 2, "7"), ("resolved", 2, "160"), ("firing", 3, "8")]:
        sim.set_card(1, available=available)
        b.wait_for_alert("low", state, count)
    dead = b.wait_for_alert("notifier-failing", "firing", timeout_s=20)
    assert "a" in dead["summary"].split()
    first = [r for r in a.requests if r.id == a.requests[0].id]
    assert len(first) >= 3 and {r.body for r in first} == {first[0].body}
    assert first[1].at - first[0].at >= 1.9, "the wait that was asked for"
    assert first[0].json["alerts"][0]["balances"]["available"] == "99.99"
    print("it is there again: what was told to nobody does not end, what fires is told as it is now")
    a.default = Answer()
    told = a.wait_for_alert("low", "firing", timeout_s=20)
    assert told["balances"]["available"] == "8.00"
    sim.set_card(1, available="170")
    a.wait_for_alert("low", "resolved")
    accepted = [alert["state"] for alert in a.alerts("low")]
    assert accepted == ["firing", "resolved"]
    b.wait_for_alert("low", "resolved", 3)
    assert [alert["state"] for alert in b.alerts("low")] == ["firing", "resolved"] * 3
    assert len([r for r in a.requests if r.id == first[0].id]) == len(first), "a dead letter is not tried again"


def test_send_resolved_false(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook, send_resolved=False)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="1")
    hook.wait_for_messages(1)
    sim.set_card(1, available="600")
    sim.wait_for_polls(4)
    hook.stays_at(1, 0.2)


@pytest.mark.parametrize("kind, parameters", [
    ("gzip-bomb", {"bytes": 10 * 1024 ** 3}), ("huge", {"bytes": 1024 ** 3}),
])
def test_an_answer_without_end_is_cut(sim, hook, make_daemon, kind, parameters):
    daemon = make_daemon(config(source(sim, max_response="1MiB"), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="1")
    hook.wait_for_messages(1)
    sim.fault("list", kind, count=-1, **parameters)
    hook.wait_for_alert("source-down", "firing", timeout_s=60)
    assert sanitized() or daemon.memory_kb() < 64 * 1024
    sim.clear_faults()
    hook.wait_for_alert("source-down", "resolved")
    assert hook.alerts("low", "resolved") == []


@pytest.mark.parametrize("reference", [EVIL, EVIL + "y" * 10240, "", "\x7f\x01\x02", "\ufeff\u2028", None], ids=ascii)
def test_references_are_shown_harmlessly(sim, hook, smtp, rsyslog, make_daemon, reference):
    sim.set_customer(11001, reference=reference)
    rules = [{**LOW, "summary": "Card {{card.id}} of {{customer.reference}}"}]
    make_daemon(config(source(sim), [webhook(hook), mail(smtp), syslog(rsyslog.tcp)], rules))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    alert = hook.wait_for_alert("low", "firing")
    # JSON carries a reference as it is, or says that it cut it.
    got = alert["customer"]["reference"]
    assert got == reference or (len(reference) > 1000 and reference.startswith(got.rstrip("\u2026."))), got[:80]
    assert "Card 1 of" in alert["summary"] and "Card 1 of 1" not in alert["summary"]
    assert "<script" not in smtp.wait_for_mails(1)[0].html
    assert len(rsyslog.wait_for_records(1)) == 1


def test_twenty_thousand_cards_make_a_handful_of_messages(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 10000, "--cards", 2, "--low", 20000, "--suppressed", 0)
    make_daemon(config(source(sim, every="1s", page_size=1000), webhook(hook),
                       route={"notify": ["hook"], "group_by": ["rule", "customer"]}))
    hook.wait_for_messages(1, timeout_s=90)
    wait_polls = sim.polls() + 2
    sim.wait_for(lambda: sim.polls() >= wait_polls, timeout=60)
    assert len(hook.messages) <= 10
    assert sum(m["counts"]["firing"] for m in hook.messages) == 20000
    assert all(len(m["alerts"]) <= 20 for m in hook.messages)
