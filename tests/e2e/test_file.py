# SPDX-License-Identifier: Apache-2.0
"""The file channel: one JSON line each, every alert in it, reopened when the file was moved."""

import json
import os

from configs import config, source
from daemon import wait_until


def notifier(path, **keys):
    return {"name": "log", "type": "file", "path": str(path), **keys}


def messages(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def alerts(path):
    return [a for m in messages(path) for a in m["alerts"]]


def test_a_line_for_each_message(sim, make_daemon, tmp_path):
    path = tmp_path / "alerts.jsonl"
    make_daemon(config(source(sim), notifier(path)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    wait_until(lambda: len(alerts(path)) == 1, "the firing")
    sim.set_card(1, available="120")
    wait_until(lambda: len(alerts(path)) == 2, "the resolution")
    assert [(a["state"], a["balances"]["available"]) for a in alerts(path)] == [("firing", "99.99"), ("resolved", "120.00")]
    assert os.stat(path).st_mode & 0o007 == 0


def test_it_is_reopened_when_moved(sim, make_daemon, tmp_path):
    path = tmp_path / "alerts.jsonl"
    make_daemon(config(source(sim), notifier(path)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    wait_until(lambda: alerts(path), "the firing")
    os.rename(path, f"{path}.1")
    sim.set_card(1, available="120")
    wait_until(lambda: alerts(path), "the resolution in a new file")
    assert len(alerts(f"{path}.1")) == 1 and alerts(path)[0]["state"] == "resolved"


def test_every_alert_is_written_out(make_sim, make_daemon, tmp_path):
    path = tmp_path / "alerts.jsonl"
    sim = make_sim("--customers", 60, "--cards", 1, "--low", 50)
    make_daemon(config(source(sim), notifier(path, list=3)))
    wait_until(lambda: len(alerts(path)) >= 50, "fifty alerts")
    assert sorted(a["card"]["id"] for a in alerts(path)) == list(range(1, 51))


def test_a_place_where_nothing_can_be_written(sim, hook, make_daemon, tmp_path):
    from configs import webhook

    make_daemon(config(source(sim), [notifier(tmp_path / "no" / "such" / "folder"), webhook(hook)]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_alert("low", "firing", timeout_s=5)
