# SPDX-License-Identifier: Apache-2.0
"""Looking twice: an alert with `confirm` fires on what its customer says when it is read once more (observing.md)."""

import pytest

from configs import config, source, webhook

LOW = {"name": "low", "when": "available < 100", "clear": "available >= 120", "confirm": True}


@pytest.fixture
def few(make_sim):
    """Ten cards: too few for a list of zeros to be suspicious as a whole."""
    sim = make_sim("--customers", 10, "--cards", 1)
    for card in range(1, 11):
        sim.set_card(card, available="600", pending="0")
    return sim


def test_what_the_customer_says_too_fires_as_confirmed(few, hook, make_daemon):
    daemon = make_daemon(config(source(few), webhook(hook), [LOW]))
    daemon.wait_for_polls(2)
    before = few.state()["requests"]["customer"]
    few.set_card(3, available="50")
    alert = hook.wait_for_alert("low", "firing")
    assert alert["card"]["id"] == 3 and alert["confirmed"] is True
    daemon.wait_for_polls(3)
    assert few.state()["requests"]["customer"] == before + 1  # once, not at every poll
    few.set_card(3, available="600")
    assert hook.wait_for_alert("low", "resolved")["confirmed"] is True


def test_what_only_the_list_says_waits(few, hook, make_daemon):
    daemon = make_daemon(config(source(few), webhook(hook), [LOW]))
    daemon.wait_for_polls(2)
    few.fault("list", "list-zero", count=-1)
    daemon.wait_for_polls(4)
    assert hook.requests == []
    few.clear_faults()
    daemon.wait_for_polls(2)
    assert hook.requests == []


def test_what_cannot_be_read_again_fires_and_says_so(few, hook, make_daemon):
    daemon = make_daemon(config(source(few), webhook(hook), [LOW]))
    daemon.wait_for_polls(2)
    few.fault("customer", "status", status=500, count=-1)
    few.set_card(3, available="50")
    alert = hook.wait_for_alert("low", "firing")
    assert alert["card"]["id"] == 3 and alert["confirmed"] is False


def test_once_waits_for_the_second_look(few, hook, make_daemon):
    few.set_card(3, available="50")
    daemon = make_daemon(config(source(few), webhook(hook), [LOW]), start=False)
    assert daemon.once() == 0
    assert [(a["card"]["id"], a["confirmed"]) for a in hook.alerts("low")] == [(3, True)]
