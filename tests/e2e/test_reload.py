# SPDX-License-Identifier: Apache-2.0
"""Reload (failure 4): what did not change is not told again, what is wrong changes nothing."""

import pytest

from configs import LOW, config, source, webhook
from daemon import wait_until


@pytest.fixture
def firing(make_sim, hook, make_daemon):
    """Twenty alerts that fire, told in one message."""
    sim = make_sim("--customers", 40, "--cards", 1, "--low", 20)
    daemon = make_daemon(config(source(sim), webhook(hook)))
    assert hook.wait_for_messages(1)[0]["counts"]["firing"] == 20
    return sim, hook, daemon


def test_the_same_file_ten_times(firing):
    sim, hook, daemon = firing
    for _ in range(10):
        daemon.hup()
    sim.wait_for_polls(4)
    hook.stays_at(1, 0.3)


def test_a_new_rule_is_one_baseline_message(firing):
    sim, hook, daemon = firing
    daemon.hup(config(source(sim), webhook(hook), [LOW, {"name": "any", "when": "available < 999999"}]))
    message = hook.wait_for_messages(2)[1]
    assert message["baseline"] is True and {a["rule"] for a in message["alerts"]} == {"any"}
    assert message["counts"]["firing"] == 40
    sim.wait_for_polls(4)
    hook.stays_at(2, 0.3)


def test_an_edited_rule_is_evaluated_anew(firing):
    sim, hook, daemon = firing
    sim.set_card(1, available="50")
    sim.set_card(2, available="5")
    sim.set_card(40, available="150")
    sim.wait_for_polls(2)
    told = len(hook.messages)
    daemon.hup(config(source(sim), webhook(hook), [{**LOW, "when": "available < 10", "clear": "available >= 30"}]))
    hook.wait_for_alert("low", "resolved")
    sim.wait_for_polls(4)
    resolved = sum(m["counts"]["resolved"] for m in hook.messages[told:])
    firing_again = sum(m["counts"]["firing"] for m in hook.messages[told:])
    assert 1 <= resolved <= 19 and firing_again == 0


def test_a_removed_rule_resolves(firing):
    sim, hook, daemon = firing
    daemon.hup(config(source(sim), webhook(hook), [{"name": "other", "when": "available < 0"}]))
    wait_until(lambda: sum(m["counts"]["resolved"] for m in hook.messages) == 20, "twenty resolutions")
    assert {a["reason"] for a in hook.alerts(state="resolved")} == {"rule removed"}


def test_a_removed_source_resolves(make_sim, hook, make_daemon):
    one, two = make_sim("--customers", 3, "--cards", 1, "--low", 1), make_sim("--customers", 3, "--cards", 1, "--low", 2)
    both = [source(one), source(two, name="second")]
    daemon = make_daemon(config(both, webhook(hook)))
    wait_until(lambda: sum(m["counts"]["firing"] for m in hook.messages) == 3, "three alerts")
    daemon.hup(config(both[:1], webhook(hook)))
    wait_until(lambda: sum(m["counts"]["resolved"] for m in hook.messages) == 2, "two resolutions")
    assert {(a["source"], a["reason"]) for a in hook.alerts(state="resolved")} == {("second", "source removed")}


@pytest.mark.parametrize("broken", [
    "sources: [\n", "", "rules: 5\n", "sources:\n  - {name: main, url: 'http://127.0.0.1:1', auth: {api_key: 'file:not_there'}}\n",
], ids=["no YAML", "empty", "wrong", "a secret that is not there"])
def test_a_broken_file_changes_nothing(firing, broken):
    sim, hook, daemon = firing
    daemon.hup(broken, wait_for="reload-failed")
    assert hook.wait_for_alert(state="firing", rule="reload-failed")
    sim.set_card(40, available="1")
    wait_until(lambda: any(a["card"] and a["card"]["id"] == 40 for a in hook.alerts()), "an alert of the old rules")


def test_the_store_cannot_be_changed(firing, tmp_path):
    sim, hook, daemon = firing
    other = tmp_path / "other.db"
    daemon.hup(config(source(sim), webhook(hook), store={"sqlite": str(other)}), wait_for="reload-failed")
    sim.wait_for_polls(2)
    assert not other.exists()


def test_a_new_receiver_is_used(firing, make_hook):
    sim, hook, daemon = firing
    other = make_hook()
    daemon.hup(config(source(sim), [webhook(hook), webhook(other, "other")]))
    sim.set_card(40, available="1")
    other.wait_for_alert("low", "firing")


def test_a_faster_beat_takes_effect(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim, every="1h"), webhook(hook)))
    wait_until(lambda: sim.polls() == 1, "the first poll")
    daemon.hup(config(source(sim, every="100ms"), webhook(hook)))
    sim.wait_for_polls(3)
