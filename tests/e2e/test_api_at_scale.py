# SPDX-License-Identifier: Apache-2.0
"""The card API at its largest and slowest: polls longer than their beat, bodies that never end, polls by the thousand.

What is short here is meant to be made long by hand: CARDWATCH_SOAK_POLLS=1000 plays so many random polls, and
CARDWATCH_SEED repeats them.
"""

import gzip
import http.server
import json
import os
import random
import re
import threading
import time
import zlib

import pytest

from configs import LOW, config, key, login, source, webhook
from daemon import ctl, sanitized, wait_until
from simulator import CUSTOMER, LIST, LOGIN

FIRST = 11001  # the simulator's first customer; cards are numbered from 1, customer by customer
MB = 1000  # kB


def resident_kb(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


# Polls that take long


@pytest.fixture
def slow(make_sim):
    """200 pages of 50 ms: with four at once two and a half seconds."""
    sim = make_sim("--customers", 2000, "--cards", 1, "--page-cap", 10)
    sim.fault("list", "delay", delay_ms=50, count=-1)
    return sim


BROKE = {"name": "broke", "when": "available < 0"}


def test_a_poll_longer_than_its_beat_is_neither_stale_nor_overlaps(slow, hook, make_daemon):
    daemon = make_daemon(config(source(slow, every="1s", stale_after=1), webhook(hook), [BROKE]))
    daemon.wait_for_polls(3)
    slow.clear_faults()  # so that the daemon ends at once
    polls = daemon.polls()[:3]
    assert [(poll["result"], int(poll["pages_good"])) for poll in polls] == [("complete", 200)] * 3
    assert all(2500 <= int(poll["took_ms"]) < 5000 for poll in polls), polls
    assert slow.state()["max_concurrent"] <= 4
    assert hook.requests == []


def test_preview_says_how_long_a_poll_takes_and_what_to_set(slow, hook, make_daemon):
    daemon = make_daemon(config(source(slow, every="1s"), webhook(hook), [BROKE]), start=False)
    done = ctl("preview", "-c", daemon.config_path)
    assert done.returncode == 0, done.stderr
    said = re.search(r"2000 customers, 2000 cards on 200 pages; 200 requests, a poll takes (\d+\.\d+) s\n"
                     r" +`every: 1s` is too short for that: set `every: (\d+)s` or more\.", done.stdout)
    assert said, done.stdout
    took_s, every_s = float(said.group(1)), int(said.group(2))
    assert 2.5 <= took_s < 5 and 2 * took_s <= every_s <= 2 * took_s + 1


def test_a_poll_longer_than_ten_seconds_is_decided_meanwhile(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 120, "--cards", 1, "--page-cap", 10)
    sim.set_card(1, available="50", pending="0")
    sim.fault("list", "delay", delay_ms=1000, count=-1)
    began = time.monotonic()
    daemon = make_daemon(config(source(sim, concurrency=1), webhook(hook)))
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 1
    assert 9 < time.monotonic() - began < 11.5 and daemon.polls() == []
    sim.clear_faults()


# Bodies without end


def grows_by_kb(daemon, act):
    """How much larger the process ever was than it is now, while `act()` is done."""
    before = resident_kb(daemon)
    with open(f"/proc/{daemon.process.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the highest there was begins anew
    act()
    return daemon.memory_kb() - before


def bounded(daemon, act):
    """A sanitizer keeps what was freed: its sizes say nothing."""
    grown = grows_by_kb(daemon, act)
    assert sanitized() or grown < 20 * MB, f"{grown} kB more"
    print(f"grew by {grown} kB")


@pytest.fixture
def few(make_sim):
    sim = make_sim("--customers", 30, "--cards", 1, "--page-cap", 10)
    for card in range(1, 31):
        sim.set_card(card, available="600", pending="0")
    return sim


@pytest.mark.parametrize("kind", ["gzip-bomb", "huge"])
@pytest.mark.parametrize("where", ["list", "customer", "login"])
def test_ten_gigabytes_are_cut(few, hook, make_daemon, where, kind):
    """Failure 16: 10 GB as 10 MB of gzip, under the limit that is the default; or as they are, under a lower one."""
    limit = {"max_response": "4MiB"} if kind == "huge" else {}
    daemon = make_daemon(config(source(few, auth=login(), retries=2, **limit), webhook(hook),
                                builtin={"source-down": {"enabled": False}}))
    daemon.wait_for_polls(2)

    def act():
        few.fault(where, kind, count=3)
        if where == "customer":
            few.remove_customer(FIRST + 4)
        if where == "login":
            few.expire_tokens()
        wait_until(lambda: few.faults() == [], "three bodies without end")
        daemon.wait_for_polls(3, "complete")

    bounded(daemon, act)
    few.set_card(7, available="50")
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 7
    assert {alert["rule"] for alert in hook.alerts()} == {"low"}
