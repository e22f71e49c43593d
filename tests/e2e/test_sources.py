# SPDX-License-Identifier: Apache-2.0
"""Several sources at once: each has its own beat, credentials, state and failures, and its own cards."""

import pytest

from configs import LOW, config, key, login, mail, source, webhook
from daemon import wait_until

N = 30


@pytest.fixture
def make_world(make_sim):
    """A simulator with thirty customers and cards: the same ids in each."""

    def make(*args):
        sim = make_sim("--customers", N, "--cards", 1, *args)
        for card in range(1, N + 1):
            sim.set_card(card, available="600", pending="0")
        return sim

    return make


def polls(daemon, name, result=None):
    return daemon.log_lines("poll-ended", source=name, **({"result": result} if result else {}))


def wait_for_polls(daemon, name, count=2, result="complete"):
    have = len(polls(daemon, name, result))
    wait_until(lambda: len(polls(daemon, name, result)) >= have + count, lambda: daemon.log_text()[-4000:])


TROUBLES = {
    "down": ({}, lambda sim: sim.fault("list", "reset", count=-1), "source-down"),
    "wrong credentials": ({"auth": login(password="wrong")}, None, "auth-failed"),
    "suspicious": ({}, lambda sim: sim.fault("list", "list-zero", count=-1), "suspect-snapshot"),
    "stale": ({"stale_after": 3}, lambda sim: sim.fault("list", "status", page=2, status=500, count=-1), "stale"),
    "held": ({}, lambda sim: sim.fault("list", "rate-limit", retry_after="3600"), None),
    "silent": ({}, lambda sim: sim.fault("list", "delay", delay_ms=60000, count=-1), None),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_the_trouble_of_one_is_not_the_others(make_world, hook, make_daemon, what):
    keys, trouble, rule = TROUBLES[what]
    ill, well = make_world(), make_world()
    daemon = make_daemon(config([source(ill, name="ill", every="100ms", page_size=10, timeout="60s", **keys),
                                 source(well, name="well", every="100ms", page_size=10, auth=login())], webhook(hook)))
    wait_for_polls(daemon, "well")
    if trouble:
        wait_for_polls(daemon, "ill")
        trouble(ill)
    if rule:
        alert = hook.wait_for_alert(rule, "firing")
        assert alert["source"] == "ill" and "ill" in alert["summary"]
    wait_for_polls(daemon, "well", 4)
    asked = ill.state()["requests"]["list"]
    well.set_card(1, available="50")
    alert = hook.wait_for_alert("low", "firing")
    assert (alert["source"], alert["card"]["id"]) == ("well", 1)
    wait_for_polls(daemon, "well", 4)
    if what in ("held", "silent"):
        assert ill.state()["requests"]["list"] == asked
    assert len(polls(daemon, "well")) == len(polls(daemon, "well", "complete"))
    assert well.state()["logins"] == {"good": 1, "bad": 0}
    assert {(a["rule"], a["source"]) for a in hook.alerts()} == {("low", "well")} | ({(rule, "ill")} if rule else set())


def test_the_same_ids_are_different_cards(make_world, hook, make_daemon):
    east, west = make_world(), make_world()
    west.set_card(5, currency="eur")
    rules = [LOW, {"name": "west-only", "match": {"source": "west"}, "when": "available < 10"}]
    daemon = make_daemon(config([source(east, name="east", every="100ms"), source(west, name="west", every="150ms")],
                                webhook(hook), rules))
    for name in ("east", "west"):
        wait_for_polls(daemon, name)
    east.set_card(5, available="5")
    alert = hook.wait_for_alert("low", "firing")
    assert (alert["source"], alert["card"]["id"], alert["customer"]["id"]) == ("east", 5, 11005)
    west.set_card(5, available="5")
    hook.wait_for_alert("low", "firing", 2)
    hook.wait_for_alert("west-only", "firing")
    east.set_card(5, available="600")
    ended = hook.wait_for_alert("low", "resolved")
    assert (ended["source"], ended["fingerprint"]) == ("east", alert["fingerprint"])
    wait_for_polls(daemon, "west", 3)
    by_source = {(a["rule"], a["source"], a["state"], a["card"]["currency"]) for a in hook.alerts()}
    assert by_source == {("low", "east", "firing", "USD"), ("low", "east", "resolved", "USD"), ("low", "west", "firing", "EUR"),
                         ("west-only", "west", "firing", "EUR")}
    assert len({a["fingerprint"] for a in hook.alerts()}) == 3
    assert all(len({a["source"] for a in m["alerts"]}) == 1 for m in hook.messages)  # a group never spans sources
    daemon.restart()
    for name in ("east", "west"):
        wait_for_polls(daemon, name)
    assert len(hook.alerts()) == 4


def test_each_has_its_own_beat_and_is_polled_at_once_when_asked(make_world, hook, make_daemon):
    fast, slow = make_world(), make_world()
    daemon = make_daemon(config([source(fast, name="fast", every="100ms"), source(slow, name="slow", every="1h")], webhook(hook)))
    wait_for_polls(daemon, "fast", 8)
    assert slow.polls() == 1
    daemon.poll_now()
    wait_until(lambda: slow.polls() == 2, "a poll of the slow one")
    wait_for_polls(daemon, "fast", 3)
    assert slow.polls() == 2 and hook.requests == []


def test_each_has_its_own_key(make_sim, hook, make_daemon):
    sims = {name: make_sim("--customers", 1, "--cards", 1, "--api-key", f"key-of-{name}") for name in ("a", "b")}
    daemon = make_daemon(config([source(sim, name=name, auth=key(f"key-of-{name}")) for name, sim in sims.items()], webhook(hook)))
    for name, sim in sims.items():
        wait_for_polls(daemon, name)
        assert sim.state()["refused"] == 0
    assert hook.requests == []


def test_a_message_for_people_names_the_source(make_world, smtp, make_daemon):
    """Two sources with a card 1 each: which of them is low?"""
    east, west = make_world(), make_world()
    daemon = make_daemon(config([source(east, name="east", every="100ms"), source(west, name="west", every="100ms")],
                                mail(smtp)))
    for name in ("east", "west"):
        wait_for_polls(daemon, name)
    west.set_card(1, available="5")
    told = smtp.wait_for_mails(1)[0]
    assert "source west" in told.text and "source west" in told.html
