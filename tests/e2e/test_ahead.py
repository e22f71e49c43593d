# SPDX-License-Identifier: Apache-2.0
"""Messages that are made ready before they may go: how many, and what still becomes of those that are not."""

import threading

import pytest

from configs import config, source, webhook
from daemon import stays, wait_until
from receivers import Answer
from test_acting import QUICK, look  # noqa: F401 (a fixture)
from test_control import sock  # noqa: F401 (a fixture)

AT_ONCE = 16  # of a webhook
A_POLL = 8  # few enough not to be told as one
CARDS = range(1, 1 + 4 * A_POLL)
FURTHER = CARDS.stop


@pytest.fixture
def sim(make_sim):
    sim = make_sim("--customers", FURTHER, "--cards", 1)
    set_cards(sim, range(1, FURTHER + 1), available="600", pending="0")
    return sim


@pytest.fixture
def daemon(sim, hook, make_daemon, sock):  # noqa: F811
    """Every card is told by itself."""
    daemon = make_daemon(config(source(sim), webhook(hook, timeout="60s"), route={**QUICK, "group_by": ["rule", "card"]},
                                control={"socket": sock}))
    daemon.wait_for_polls(1, "complete")
    return daemon


def states(look):  # noqa: F811
    found = [m["state"] for m in look("outbox", "list")["messages"]]
    return {state: found.count(state) for state in set(found)}


def set_cards(sim, cards, **fields):
    for card in cards:
        sim.set_card(card, **fields)


def deliver(sim, hook, n):
    """So many messages, one after the other."""
    for i in range(n):
        sim.set_card(FURTHER, available="50" if i % 2 == 0 else "600")
        hook.wait_for_messages(i + 1)


def fill_outbox(sim, look):  # noqa: F811
    for first in range(0, len(CARDS), A_POLL):
        set_cards(sim, CARDS[first:first + A_POLL], available="50")
        wait_until(lambda n=first + A_POLL: sum(states(look).values()) == n, lambda: f"a message for each: {states(look)}")


def told(hook):
    """By card, in which states it was told."""
    seen = {}
    for alert in hook.alerts("low"):
        if alert["card"]["id"] in CARDS:
            seen.setdefault(alert["card"]["id"], []).append((alert["state"], alert["folded"]))
    return seen


def test_only_as_many_are_ready_as_were_delivered_in_a_row(sim, hook, daemon, look):  # noqa: F811
    gate = threading.Event()
    deliver(sim, hook, 3)
    hook.default = Answer(after=gate)
    fill_outbox(sim, look)
    ready = AT_ONCE + 3
    assert states(look) == {"rendered": ready, "queued": len(CARDS) - ready}
    wait_until(lambda: len(hook.requests) == 3 + AT_ONCE, lambda: f"{AT_ONCE} on their way, not {len(hook.requests) - 3}")
    print("what is ready keeps its bytes, what is not yet becomes one with what comes after it")
    set_cards(sim, CARDS, available="600")
    daemon.wait_for_polls(3, "complete")
    stays(lambda: len(hook.requests) == 3 + AT_ONCE, "nobody else is tried", 0.3)
    gate.set()
    wait_until(lambda: len(told(hook)) == len(CARDS) and not states(look), lambda: f"all of them: {told(hook)}")
    first = [seen[0] for seen in told(hook).values()]
    assert first.count(("firing", False)) == ready
    assert first.count(("resolved", True)) == len(CARDS) - ready
    assert all(seen[1:] == [("resolved", False)] for seen in told(hook).values() if seen[0] == ("firing", False))


def test_after_a_failure_none_is_ready_ahead(sim, hook, daemon, look):  # noqa: F811
    deliver(sim, hook, 3)
    hook.answer(Answer(status=503))
    sim.set_card(FURTHER, available="600")
    wait_until(lambda: len(hook.messages) == 4, "the one that failed, again")
    gate = threading.Event()
    hook.default = Answer(after=gate)
    fill_outbox(sim, look)
    assert states(look) == {"rendered": AT_ONCE + 1, "queued": len(CARDS) - AT_ONCE - 1}
    gate.set()
    wait_until(lambda: len(told(hook)) == len(CARDS), lambda: f"all of them: {told(hook)}")
