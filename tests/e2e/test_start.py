# SPDX-License-Identifier: Apache-2.0
"""A start asks the API while it still loads its cards; nothing is decided before they are there."""

import signal
import sqlite3

from configs import config, login, source, webhook
from daemon import wait_until


def spoil_cards(path):
    """What is found out when the cards are read, not before."""
    store = sqlite3.connect(path)
    assert store.execute("UPDATE checkpoint_chunk SET cards = zeroblob(length(cards))").rowcount > 0
    store.commit()
    store.close()


def filled(sim, hook, make_daemon, **keys):
    """A daemon that has a store with all cards in it, and does not run."""
    daemon = make_daemon(config(source(sim, every="1h", **keys), webhook(hook)))
    daemon.wait_for_event("poll-judged", result="complete")
    assert daemon.terminate() == 0
    return daemon


def test_what_a_page_brings_early_is_compared_with_the_cards(make_sim, hook, make_daemon):
    """More cards than are loaded before the answer is there; each start finds what changed meanwhile, and nothing else."""
    sim = make_sim("--customers", 8000, "--cards", 1, "--page-cap", 1000)
    daemon = filled(sim, hook, make_daemon)
    hook.messages.clear()
    for start in range(1, 4):
        sim.set_card(start, available="1")
        daemon.start()
        wait_until(lambda: len(hook.alerts("low", "firing")) == start, f"{start} alerts")
        daemon.wait_for_event("poll-judged", result="complete")
        assert daemon.terminate() == 0
    assert [m["alerts"][0]["card"]["id"] for m in hook.messages] == [1, 2, 3]
    assert not any(m["baseline"] for m in hook.messages)


def test_nobody_logs_in_for_a_store_that_cannot_be_read(sim, hook, make_daemon):
    """A manager that starts it again and again would do so until the account is locked: nothing could be remembered."""
    daemon = filled(sim, hook, make_daemon, auth=login())
    spoil_cards(daemon.store_path)
    logins = sim.state()["logins"]
    for _ in range(3):
        daemon.start(wait_for="start-failed")
        assert daemon.wait_exit() == 1
        assert "table checkpoint_chunk is damaged" in daemon.log_lines("store-unusable")[0]["reason"]
    assert sim.state()["logins"] == logins


def test_a_store_that_cannot_be_read_ends_a_start_that_has_asked(sim, hook, make_daemon):
    daemon = filled(sim, hook, make_daemon)
    spoil_cards(daemon.store_path)
    daemon.start(wait_for="start-failed")
    assert daemon.wait_exit() == 1
    assert not daemon.log_lines("started") and not hook.messages


def has_handler(process, number):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        caught = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
    return caught >> (number - 1) & 1


def test_a_signal_that_comes_before_the_cards_is_heard_after_them(make_sim, hook, make_daemon):
    """Sent as early as it does not just end the process: nobody is there yet whom it could be told. What ends it then may come
    while a connection is being made, whose socket curl closes without a word."""
    sim = make_sim("--customers", 4000, "--cards", 1, "--page-cap", 1000)
    daemon = filled(sim, hook, make_daemon)
    for number in [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1] * 5:
        daemon.start(wait_for=None)
        while not has_handler(daemon.process, number):
            pass
        daemon.signal(number)
        if number == signal.SIGHUP:
            daemon.wait_for_event("reloaded")
        if number != signal.SIGTERM:
            daemon.wait_for_event("started")
            daemon.signal(signal.SIGTERM)
        assert daemon.wait_exit() == 0
        assert [line["event"] for line in daemon.log_lines(("started", "stopping", "stopped"))] == ["started", "stopping", "stopped"]
