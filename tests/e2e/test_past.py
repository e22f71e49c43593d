# SPDX-License-Identifier: Apache-2.0
"""What windows look back at: known again after a restart, and to rules that came with a reload."""

import pytest

from configs import LOW, config, source, webhook

SPENT = {"name": "spent", "when": "spent(1h) >= 90"}
KEPT = {"name": "kept", "when": "unchanged(reference) >= 1s and spent(2h) >= 90"}


@pytest.fixture
def spending(make_sim, hook, make_daemon):
    """Card 1 spent 60, card 2 spent 100 in two steps, card 3 rose and fell; LOW saw nothing of it."""
    sim = make_sim("--customers", 5, "--cards", 1, "--low", 0)
    for card in (1, 2, 3):
        sim.set_card(card, available="600")

    def start(rules=None, **kwargs):
        daemon = make_daemon(config(source(sim), webhook(hook), rules), **kwargs)
        sim.wait_for_polls(2)
        for cards in ({1: "560", 2: "550", 3: "900"}, {1: "540", 2: "500", 3: "850"}):
            for card, available in cards.items():
                sim.set_card(card, available=available)
            sim.wait_for_polls(2)
        return daemon

    return sim, hook, start


def fired(hook, rule):
    return sorted(a["card"]["id"] for a in hook.alerts(rule, "firing"))


@pytest.mark.parametrize("end", ["terminate", "kill9"])
def test_windows_go_on_after_a_restart(spending, end):
    sim, hook, start = spending
    daemon = start([SPENT])
    hook.wait_for_alert("spent", "firing")
    assert fired(hook, "spent") == [2]
    getattr(daemon, end)()
    daemon.start()
    sim.wait_for_polls(2)
    sim.set_card(1, available="505")
    sim.set_card(3, available="840")
    hook.wait_for_alert("spent", "firing", 2)
    sim.wait_for_polls(2)
    assert fired(hook, "spent") == [1, 2]


@pytest.mark.parametrize("rule", [SPENT, KEPT], ids=["a window", "everything that is known"])
def test_a_new_rule_knows_what_was_before_it(spending, rule):
    sim, hook, start = spending
    daemon = start([LOW])
    daemon.hup(config(source(sim), webhook(hook), [LOW, rule]))
    hook.wait_for_alert(rule["name"], "firing")
    sim.wait_for_polls(2)
    assert fired(hook, rule["name"]) == [2]
    sim.set_card(1, available="505")
    hook.wait_for_alert(rule["name"], "firing", 2)
    assert fired(hook, rule["name"]) == [1, 2]


def test_reloads_upon_each_other_end_with_the_last(spending):
    sim, hook, start = spending
    daemon = start([LOW])
    for hours in (3, 4, 5, 2):
        daemon.hup(config(source(sim), webhook(hook), [{"name": "spent", "when": f"spent({hours}h) >= {40 * hours}"}]))
    hook.wait_for_alert("spent", "firing")
    sim.wait_for_polls(3)
    assert fired(hook, "spent") == [2]


def test_what_the_store_did_not_take_is_known_all_the_same(spending):
    sim, hook, start = spending
    daemon = start([LOW], env={"CARDWATCH_FAULT": "commit-fail:3"})
    hook.wait_for_alert("store-failing", "firing")
    daemon.hup(config(source(sim), webhook(hook), [LOW, SPENT]))
    hook.wait_for_alert("spent", "firing")
    sim.wait_for_polls(2)
    assert fired(hook, "spent") == [2]


def test_it_may_end_while_it_looks_back(spending):
    sim, hook, start = spending
    daemon = start([LOW])
    daemon.hup(config(source(sim), webhook(hook), [LOW, SPENT]))
    assert daemon.terminate() == 0
