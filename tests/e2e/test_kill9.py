# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost and nothing is told twice as something new, whenever the process ends (failures 1, 2 and 3)."""

import random
import time

import pytest

from configs import LOW, config, source, webhook
from daemon import wait_until
from receivers import Answer

KILLED_BY_FAULT = 137


def revive(daemon):
    """Starts the daemon again, without faults, if it has ended."""
    if not daemon.running():
        assert daemon.wait_exit() == KILLED_BY_FAULT
        daemon.start()
        return True
    return False


def wait_or_revive(daemon, condition, what):
    """Until the condition holds; a daemon that a fault ended is started again. Whether that was needed."""
    revived = []
    wait_until(lambda: (daemon.process is not None and revive(daemon) and revived.append(1)) or condition(), what)
    return bool(revived)


@pytest.mark.parametrize("number", range(1, 9))
@pytest.mark.parametrize("point", ["before", "after"])
def test_it_dies_at_a_commit(sim, hook, make_daemon, point, number):
    """The Nth commit is the baseline's, the alert's, the one that marks a message as rendered or delivered, and so on."""
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    daemon.start(wait_for=None, env={"CARDWATCH_FAULT": f"commit-exit:{point}:{number}"})
    polls = sim.polls()
    died = wait_or_revive(daemon, lambda: sim.polls() >= polls + 3, "three polls")
    sim.set_card(1, available="99.99")
    died |= wait_or_revive(daemon, lambda: hook.alerts("low", "firing"), "the firing")
    sim.set_card(1, available="120")
    died |= wait_or_revive(daemon, lambda: hook.alerts("low", "resolved"), "the resolution")
    # A death after the last delivery: what it marks is marked again after the restart.
    polls = sim.polls()
    died |= wait_or_revive(daemon, lambda: sim.polls() >= polls + 3, "three polls")
    assert [m["status"] for m in hook.messages] == ["firing", "resolved"]
    assert not hook.messages[0]["baseline"]
    if not died:
        assert daemon.terminate() in (0, KILLED_BY_FAULT)


@pytest.mark.parametrize("point", ["before", "after"])
def test_it_dies_while_it_settles(make_sim, hook, make_daemon, point):
    """What many alerts leave is appended in one record and brought into its tables a second later."""
    sim, cards = make_sim("--customers", 10, "--cards", 1), range(1, 9)
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    daemon.start(env={"CARDWATCH_FAULT": f"settle-exit:{point}:1"})
    sim.wait_for_polls(2)
    for card in cards:
        sim.set_card(card, available="99.99")
    assert daemon.wait_exit() == KILLED_BY_FAULT
    daemon.start()
    wait_until(lambda: {a["card"]["id"] for a in hook.alerts("low", "firing")} == set(cards), "all firing")
    for card in cards:
        sim.set_card(card, available="120")
    wait_until(lambda: {a["card"]["id"] for a in hook.alerts("low", "resolved")} == set(cards), "all resolved")
    daemon.restart()
    sim.wait_for_polls(3)
    assert len(hook.alerts("low", "firing")) == len(hook.alerts("low", "resolved")) == len(cards)


def test_killed_while_the_receiver_thinks(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    hook.answer(Answer(hang=True))
    sim.set_card(1, available="99.99")
    hook.wait_for_requests(1)
    daemon.kill9()
    daemon.start()
    first, second = hook.wait_for_requests(2)
    assert (second.id, second.body) == (first.id, first.body)
    hook.stays_at(1, 0.5)


def test_killed_while_it_waits_to_try_again(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    hook.answer(Answer(503, {"Retry-After": "3600"}))
    sim.set_card(1, available="99.99")
    first = hook.wait_for_requests(1)[0]
    daemon.wait_for_event("message-failed")
    daemon.kill9()
    sim.set_card(1, available="600")
    daemon.start()
    # The receiver's wish outlives the process, or it is asked again at once: either way the message is the same one, and what
    # came after it is told after it.
    sim.wait_for_polls(3)
    ids = [r.id for r in hook.requests]
    assert ids[:2] in ([first.id], [first.id, first.id]) and first.id not in ids[2:]


def test_killed_before_anything_could_be_sent(sim, make_hook, make_daemon):
    hook = make_hook(Answer(503))
    daemon = make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_requests(1)
    daemon.kill9()
    hook.default = Answer()
    daemon.start()
    hook.wait_for_messages(1)
    assert len({r.id for r in hook.requests}) == 1


def test_a_card_that_recovers_while_nobody_looks(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_messages(1)
    daemon.kill9()
    sim.set_card(1, available="777.77")
    daemon.start()
    resolved = hook.wait_for_alert("low", "resolved")
    assert resolved["balances"]["available"] == "777.77"
    sim.wait_for_polls(4)
    hook.stays_at(2, 0.3)


def test_what_a_failed_commit_held_is_written_by_a_later_one(sim, hook, make_daemon):
    """Its page came again as it was meanwhile, so nobody told the change anew."""
    daemon = make_daemon(config(source(sim, every="100ms"), webhook(hook)), start=False)
    daemon.start(env={"CARDWATCH_FAULT": "commit-fail:4-8"})
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    daemon.wait_for_event("store-failing")
    hook.wait_for_alert("low", "firing")
    daemon.wait_for_event("store-works")
    daemon.kill9()
    daemon.start()
    sim.wait_for_polls(4)
    sim.set_card(1, available="120")
    hook.wait_for_alert("low", "resolved")
    assert [a["state"] for a in hook.alerts("low")] == ["firing", "resolved"]


HEAD_START_S = 2


def at_of(hook, state, card):
    """When the one message about it came."""
    ats = [r.at for r in hook.requests if any(a["card"]["id"] == card and a["state"] == state for a in r.json["alerts"])]
    assert len(ats) == 1, hook.requests
    return ats[0]


@pytest.mark.parametrize("key, state", [("for", "firing"), ("keep_firing_for", "resolved")])
def test_a_clock_of_an_alert_goes_on(sim, hook, make_daemon, key, state):
    """Card 1's began before the process was killed, card 2's after it (failures 2)."""
    daemon = make_daemon(config(source(sim), webhook(hook), [{"name": "low", "when": "available < 100", key: "4s"}]))
    sim.wait_for_polls(2)
    if state == "resolved":
        for card in (1, 2):
            sim.set_card(card, available="50")
        hook.wait_for_alert("low", "firing", 2)
    sim.set_card(1, available="50" if state == "firing" else "500")
    daemon.wait_for_polls(2)
    time.sleep(HEAD_START_S)
    daemon.kill9()
    assert not hook.alerts("low", state)
    sim.set_card(2, available="50" if state == "firing" else "500")
    daemon.start()
    hook.wait_for_alert("low", state, 2)
    assert at_of(hook, state, 2) - at_of(hook, state, 1) > HEAD_START_S / 2
    sim.wait_for_polls(3)
    assert len(hook.alerts("low", state)) == 2


def test_a_restart_tells_nothing_again(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 20, "--cards", 1, "--low", 7)
    daemon = make_daemon(config(source(sim), webhook(hook)))
    hook.wait_for_messages(1)
    for again in range(3):
        daemon.restart() if again % 2 else (daemon.kill9(), daemon.start())
        sim.wait_for_polls(3)
    hook.stays_at(1, 0.2)


def test_killed_at_any_moment(sim, hook, make_daemon, seed):
    """A card goes down and up while the daemon is killed at random: what is told alternates, and ends with the truth."""
    chance = random.Random(seed)
    daemon = make_daemon(config(source(sim, every="50ms"), webhook(hook), [{**LOW, "flap": {"limit": 100}}]))
    sim.wait_for_polls(3)
    edges = 0
    for round_number in range(16):
        sim.set_card(1, available="99.99" if round_number % 2 == 0 else "120")
        time.sleep(chance.random() * 0.25)
        daemon.kill9()
        daemon.start()
        edges += 1
        wait_until(lambda: len(hook.messages) >= edges, lambda: f"{edges} messages, only {hook.requests}")
    told = [m["status"] for m in hook.messages]
    assert told == ["firing", "resolved"] * 8


def test_one_daemon_a_store(sim, hook, make_daemon, tmp_path):
    configuration = config(source(sim), webhook(hook), store={"sqlite": str(tmp_path / "shared.db")})
    first = make_daemon(configuration)
    second = make_daemon(configuration, start=False)
    second.start(wait_for=None)
    assert second.wait_exit() == 1
    assert "shared.db" in second.log_text()
    assert first.running()
