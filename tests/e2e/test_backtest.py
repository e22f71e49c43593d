# SPDX-License-Identifier: Apache-2.0
"""`cardwatch backtest`: the recorded past played once more gives what was told then, and with other rules what they would have told."""

import json
import os
import random
import struct
import time

import pytest

from configs import LOW, config, source, webhook
from daemon import ctl, write_config


def backtest(daemon, *args, **kwargs):
    done = ctl("backtest", "--json", "-c", daemon.config_path, *(args or ("--since", "1h")), **kwargs)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def counted(said):
    return {rule["rule"]: rule["alerts"] + rule["events"] for rule in said["rules"]}


def told(hook, rule, *states):
    return sum(1 for alert in hook.alerts(rule=rule) if alert["state"] in states and not alert["previous_severity"])


def settle(sim, hook, polls=3):
    """Until that many polls are over and what they brought was told: no further message within a second."""
    sim.wait_for_polls(polls)
    told, since = len(hook.requests), time.monotonic()
    while time.monotonic() < since + 1:
        if len(hook.requests) > told:
            told, since = len(hook.requests), time.monotonic()
        time.sleep(0.02)


RULES = [LOW, {"name": "drop", "on": "delta(available) < -300"}, {"name": "pending", "when": "pending > 10", "for": "50ms"},
         {"name": "spent", "when": "spent(3100ms) > 500"}, {"name": "off", "on": "changed(suppressed)"},
         {"name": "ladder", "levels": [{"severity": "info", "when": "available < 300"}, {"severity": "critical", "when": "available < 50"}],
          "clear": "available > 400"},
         {"name": "new", "on": "appeared"}, {"name": "gone", "on": "disappeared"}]


@pytest.fixture
def lived(make_sim, hook, make_daemon, seed):
    """A daemon that has lived through some seconds of changes, and whoever was told of them."""
    chance = random.Random(seed)
    sim = make_sim("--customers", 20, "--cards", 1, "--low", 5)
    daemon = make_daemon(config(source(sim, missing_after=2), webhook(hook, list="all"), RULES, route={"group_by": ["rule", "card"]}))
    daemon.wait_for_polls(3)
    for _ in range(14):
        for card in chance.sample(range(1, 16), 3):
            sim.set_card(card, available=str(chance.choice((0, 40, 90, 110, 200, 350, 600, 2000))), pending=str(chance.choice((0, 0, 20))),
                         suppressed=chance.random() < 0.1)
        sim.wait_for_polls(2)
    sim.remove_card(20)
    settle(sim, hook, 5)
    return sim, hook, daemon


def test_the_counts_are_those_of_what_was_told(lived):
    _, hook, daemon = lived
    said = backtest(daemon)
    counts = counted(said)
    for rule in ("low", "drop", "pending", "off", "ladder", "new", "gone"):
        assert counts[rule] == told(hook, rule, "firing", "event"), f"{rule}: {counts}"
    assert abs(counts["spent"] - told(hook, "spent", "firing")) <= 3, "windows end between polls, whose exact times nobody recorded"
    assert counts["low"] >= 5 and counts["drop"] >= 1 and counts["gone"] == 1 and counts["new"] == 0
    daemon.terminate()
    assert counted(backtest(daemon)) == counts, "it does not matter whether a daemon runs"


def test_the_rest_of_what_is_counted(lived):
    _, hook, daemon = lived
    daemon.terminate()
    said = backtest(daemon)
    low = next(rule for rule in said["rules"] if rule["rule"] == "low")
    resolved = [alert for alert in hook.alerts(rule="low", state="resolved")]
    assert low["firing"] == low["alerts"] - len(resolved)
    assert 0 <= low["median_ms"] <= low["longest_ms"] < 60000
    [notifier] = said["notifiers"]
    assert notifier["notifier"] == "hook" and abs(notifier["messages"] - len(hook.messages)) <= len(hook.messages) // 10
    noise = [card["alerts"] + card["events"] for card in said["cards"]]
    assert 0 < len(noise) <= 10 and noise == sorted(noise, reverse=True)
    assert any("Nothing is known before" in note for note in said["notes"])


def test_other_rules_give_other_counts(lived, tmp_path):
    sim, hook, daemon = lived
    lower = [{**LOW, "when": "available < 30", "clear": "available >= 30"}, {"name": "never", "when": "available < -5"}]
    write_config(tmp_path / "other.yaml", {**daemon.config, "rules": lower})
    said = backtest(daemon, "--since", "1h", "--compare", tmp_path / "other.yaml")
    other = counted(said["compare"])
    assert other["never"] == 0 and 0 < other["low"] < counted(said)["low"]
    assert counted(backtest(daemon, "--since", "1h", "--rule", "low")) == {"low": counted(said)["low"]}
    text = ctl("backtest", "--since", "1h", "-c", daemon.config_path, "--compare", tmp_path / "other.yaml")
    assert text.returncode == 0
    lines = {line.split()[0]: line for line in text.stdout.splitlines() if line}
    assert f"{counted(said)['low']} -> {other['low']}" in lines["low"] and "- -> 0" in lines["never"] and "-> -" in lines["drop"]


def test_an_interval_without_anything(lived):
    sim, hook, daemon = lived
    settle(sim, hook, 5)
    said = backtest(daemon, "--since", "400ms")
    assert set(counted(said).values()) == {0}


def test_what_is_refused(lived, tmp_path):
    _, _, daemon = lived
    run = lambda *args: ctl("backtest", "-c", daemon.config_path, *args)
    assert run().returncode == 64 and "--since" in run().stderr
    assert run("--since", "yesterday").returncode == 64
    assert run("--since", "1h", "--rule", "lwo").returncode == 64
    assert run("--since", "1h", "more").returncode == 64
    assert run("--since", "1h", "--messages", "--json").returncode == 64
    assert run("--since", "1h", "--messages", "--compare", daemon.config_path).returncode == 64
    assert run("--since", "2026-01-01T00:00:00Z").returncode == 0
    write_config(tmp_path / "empty.yaml", {**daemon.config, "store": {"sqlite": str(tmp_path / "none.db")}})
    missing = ctl("backtest", "--since", "1h", "-c", tmp_path / "empty.yaml")
    assert missing.returncode == 1 and "none.db" in missing.stderr
    write_config(tmp_path / "renamed.yaml", {**daemon.config, "sources": [{**daemon.config["sources"][0], "name": "another"}]})
    unknown = ctl("backtest", "--since", "1h", "-c", tmp_path / "renamed.yaml")
    assert unknown.returncode == 1 and "knows of no source" in unknown.stderr
    assert run("--since", "1h", "--compare", tmp_path / "renamed.yaml").returncode == 78
    (tmp_path / "wrong.yaml").write_text("sources: [\n")
    assert ctl("backtest", "--since", "1h", "-c", tmp_path / "wrong.yaml").returncode == 78


def test_days_ago(make_sim, hook, make_daemon, tmp_path):
    """Five days, a minute each: what was before the first of them is rewound, what lies before `since` is not counted."""
    day_ms = 24 * 3600 * 1000
    shift = tmp_path / "shift"
    library = os.path.join(os.path.dirname(os.environ["CARDWATCH_BIN"]), "lib", "shifted_clock.so")
    sim = make_sim("--customers", 3, "--cards", 1)
    for card in (1, 2, 3):
        sim.set_card(card, available="500")
    rules = [LOW, {"name": "spent", "when": "spent(3d) > 600"}, {"name": "old", "when": "age > 3d"},
             {"name": "still", "when": "unchanged(available) > 30h"}]
    daemon = make_daemon(config(source(sim, every="1m"), webhook(hook), rules), start=False,
                         env={"LD_PRELOAD": library, "SHIFTED_CLOCK": str(shift),
                              "ASAN_OPTIONS": ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))})
    for days, changes in ((5, {}), (4, {1: "90"}), (3, {1: "600", 2: "100"}), (2, {1: "100", 2: "95"}), (1, {1: "95", 3: "700"}), (0, {})):
        for card, available in changes.items():
            sim.set_card(card, available=available)
        shift.write_bytes(struct.pack("=q", -days * day_ms))
        sim.set_clock(-days * day_ms)
        assert daemon.once() == 0
    assert counted(backtest(daemon, "--since", "30d")) == {"low": 3, "spent": 1, "old": 3, "still": 3}
    for since, low in (("4d12h", 3), ("3d12h", 2), ("1d12h", 1), ("12h", 0)):
        assert counted(backtest(daemon, "--since", since))["low"] == low, since
    assert counted(backtest(daemon, "--since", "36h"))["spent"] == 0
    assert counted(backtest(daemon, "--since", "60h"))["spent"] == 1
    assert counted(backtest(daemon, "--since", "36h"))["old"] == 0
    assert counted(backtest(daemon, "--since", "60h"))["old"] == 3
    assert counted(backtest(daemon, "--since", "20h"))["still"] == 1
    assert counted(backtest(daemon, "--since", "12h"))["still"] == 0
    # What is older than is kept is not played, though it is still there: nobody knows what is missing from it.
    daemon.configure({**daemon.config, "store": {**daemon.config["store"], "keep_history": "60h"}})
    cut = backtest(daemon, "--since", "30d")
    assert counted(cut)["low"] == 2 and any("Changes are kept since" in note for note in cut["notes"])
