# SPDX-License-Identifier: Apache-2.0
"""One history, lived through by the daemon, thought of by `cardwatch test` and played once more by `cardwatch backtest`:
all three tell the same, byte for byte. The daemon's clock stands still during each poll, so that its times are those of
the others; it is another process each time, so that every beat is a restart too."""

import json
import os
import random
import struct
import time

from configs import config, source, webhook
from daemon import ctl

START, BEAT_MS, BEATS = 1767225600000, 60000, 36
RULES = [
    {"name": "low", "when": "available < 100", "clear": "available >= 150", "for": "2m", "keep_firing_for": "3m",
     "summary": "Card {{card.id}} of {{customer.reference}} is down to {{balances.available}}"},
    {"name": "flapping", "when": "available < 200", "flap": {"limit": 2, "window": "15m"}},
    {"name": "ladder", "levels": [{"severity": "info", "when": "available < 400"}, {"severity": "critical", "when": "available < 60"}],
     "clear": "available > 500"},
    {"name": "spent", "when": "spent(10m) > 300"}, {"name": "mean", "when": "avg(available, 5m) < 250"},
    {"name": "still", "when": "unchanged(available) > 7m"}, {"name": "runway", "when": "runway(8m) < 10m"},
    {"name": "aged", "when": "age >= 9m"}, {"name": "drop", "on": "delta(available) < -300"},
    {"name": "off", "on": "changed(suppressed)"}, {"name": "gone", "on": "disappeared"}, {"name": "new", "on": "appeared"}]


def shown(sim):
    """Every card of the list, as a line of a test's timeline writes it."""
    sim.set_clock(0)
    return {card["id"]: {"card": card["id"], "customer": customer["customersId"], "reference": customer["customersReference"],
                         "currency": card["currency"], "suppressed": card["bSuppressed"], "last4": card["cardNumber"][-4:],
                         "available": str(card["availableBalance"]), "pending": str(card["pendingBalance"]),
                         "total": str(card["totalBalance"])}
            for customer in sim.list(pageNumber=1, pageSize=100).json["details"] for card in customer["cards"]}


def disturb(sim, chance, away, beat):
    """A card that goes stays away until everybody has noticed: nothing is recorded of one that was missing once."""
    for card in chance.sample(range(1, 7), chance.choice((0, 0, 1, 2))):
        if card not in away:
            sim.set_card(card, available=str(chance.choice((40, 90, 110, 160, 300, 450, 700))), pending=str(chance.choice((0, 0, 20))),
                         suppressed=chance.random() < 0.15)
    gone = chance.choice((5, 6))
    if gone not in away and (chance.random() < 0.1 or beat == 10):
        away[gone] = beat
        sim.remove_card(gone)
    elif gone in away and beat - away[gone] > 4:
        del away[gone]
        sim.set_card(gone, customer=11001 + (gone - 1) // 2, available="80", pending="0", suppressed=False)


def live(sim, chance, daemon, clock):
    """What the daemon was shown: the cards of the first poll, and the changes before the others."""
    first = before = shown(sim)
    timeline, away = [], {}
    for beat in range(BEATS):
        if beat:
            disturb(sim, chance, away, beat)
            after = shown(sim)
            timeline += [{"at": f"{beat}m", **card} for card in after.values() if card != before.get(card["card"])]
            timeline += [{"at": f"{beat}m", "card": card, "gone": True} for card in before if card not in after]
            before = after
        clock.write_bytes(struct.pack("=q", START + beat * BEAT_MS))
        sim.set_clock(START + beat * BEAT_MS - int(time.time() * 1000))
        assert daemon.once() == 0, daemon.log_text()
    return list(first.values()), timeline


def verbatim(text):
    """The messages that a failed test found, as they are written there."""
    at, messages, decoder = text.index('"actual":[') + len('"actual":['), [], json.JSONDecoder()
    while text[at] != "]":
        end = decoder.raw_decode(text, at)[1]
        messages.append(text[at:end])
        at = end + (text[end] == ",")
    return messages


def test_the_same_history_gives_the_same_bytes(make_sim, hook, make_daemon, tmp_path, seed):
    clock = tmp_path / "clock"
    clock.write_bytes(struct.pack("=q", START))
    stopped = {"STOPPED_CLOCK": str(clock),
               "LD_PRELOAD": os.path.join(os.path.dirname(os.environ["CARDWATCH_BIN"]), "lib", "shifted_clock.so"),
               "ASAN_OPTIONS": ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))}
    chance = random.Random(seed)
    sim = make_sim("--customers", 3, "--cards", 2)
    for card in range(1, 7):
        sim.set_card(card, available=str(chance.choice((50, 300, 600))), pending="0", total="600")
    daemon = make_daemon(config(source(sim, every="1m"), webhook(hook, list="all"), RULES, route={"group_by": ["rule", "customer"]}),
                         start=False, env=stopped)
    cards, timeline = live(sim, chance, daemon, clock)
    told = [request.body.decode() for request in hook.requests if request.delivered]
    assert len(told) > 40 and len({alert["rule"] for alert in hook.alerts()}) >= 9
    times = [message["sent_at"] for message in hook.messages]
    assert times == sorted(times)

    test = {"name": "it", "cards": cards, "timeline": [{k: v for k, v in line.items() if k != "last4"} for line in timeline],
            "expect": [{"at": f"{BEATS - 1}m", "messages": [{"notifier": "nobody"}]}]}
    (tmp_path / "test.yaml").write_text(json.dumps({"config": daemon.config_path, "tests": [test]}))
    thought = ctl("test", "--format", "json", tmp_path / "test.yaml")
    assert thought.returncode == 1, thought.stderr
    past = ctl("backtest", "--since", "2025-12-31T00:00:00Z", "--messages", "-c", daemon.config_path, env=stopped)
    assert past.returncode == 0, past.stderr

    # Those of one moment arrive as they like.
    assert sorted(verbatim(thought.stdout)) == sorted(told)
    assert sorted(past.stdout.splitlines()) == sorted(told)
