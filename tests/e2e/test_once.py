# SPDX-License-Identifier: Apache-2.0
"""`cardwatchd --once`: one poll, what it caused and what was queued, and an exit status that a cron job can use."""

import os

import pytest

from configs import config, login, source, webhook
from daemon import wait_until
from receivers import Answer


def test_all_well_is_0(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    assert daemon.once() == 0
    assert sim.polls() == 1 and hook.requests == []
    sim.set_card(1, available="1")
    assert daemon.once() == 0
    assert [m["status"] for m in hook.messages] == ["firing"]
    assert daemon.once() == 0
    sim.set_card(1, available="600")
    assert daemon.once() == 0
    assert [m["status"] for m in hook.messages] == ["firing", "resolved"]


def test_told_to_end_while_it_delivers(sim, hook, make_daemon):
    """The first signal lets what is under way end, as it does without --once."""
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    assert daemon.once() == 0
    sim.set_card(1, available="1")
    hook.default = Answer(200, delay_s=1)
    daemon.args.append("--once")
    daemon.start(wait_for="poll-judged")
    wait_until(lambda: hook.requests, "a request")
    assert daemon.terminate() == 0
    assert daemon.log_lines("stopping") and daemon.log_lines("message-delivered")


def test_told_to_end_before_it_has_read_is_1(sim, hook, make_daemon):
    """Nothing was looked at: who runs it every hour must not take that for well."""
    daemon = make_daemon(config(source(sim, timeout="30s"), webhook(hook)), start=False)
    sim.fault("list", "delay", delay_ms=20000, count=-1)
    daemon.args.append("--once")
    daemon.start(wait_for="started")
    assert daemon.terminate() == 1


def test_a_poll_that_fails_is_1(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    sim.fault("list", "status", status=500, count=-1)
    assert daemon.once() == 1


def test_a_partial_poll_is_1(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 30, "--cards", 1)
    daemon = make_daemon(config(source(sim, page_size=10), webhook(hook)), start=False)
    sim.fault("list", "status", page=2, status=500, count=-1)
    assert daemon.once() == 1


def test_wrong_credentials_are_1(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim, auth=login(password="wrong")), webhook(hook)), start=False)
    assert daemon.once() == 1
    assert sim.state()["logins"]["bad"] == 1


def test_wrong_credentials_are_not_tried_again_by_the_next_run(sim, hook, make_daemon):
    """A cron job must not lock the account."""
    daemon = make_daemon(config(source(sim, auth=login(password="wrong")), webhook(hook)), start=False)
    assert daemon.once() == 1
    assert daemon.once() == 1
    assert sim.state()["logins"]["bad"] == 1


def test_a_delivery_that_fails_is_1_and_tried_once(sim, hook, make_daemon):
    sim.set_card(1, available="1")
    hook.default = Answer(500)
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    assert daemon.once() == 1
    assert len(hook.requests) == 1
    hook.default = Answer()
    assert daemon.once() == 0
    assert len(hook.messages) == 1 and len({r.id for r in hook.requests}) == 1


def test_a_configuration_that_is_wrong_is_78(make_daemon):
    daemon = make_daemon("rules: 5\n", start=False)
    assert daemon.once() == 78
    assert not os.path.exists(os.path.join(daemon.folder, "cardwatch.db"))


def test_a_daemon_that_owns_the_store_is_1(sim, hook, make_daemon, tmp_path):
    configuration = config(source(sim), webhook(hook), store={"sqlite": str(tmp_path / "shared.db")})
    make_daemon(configuration)
    assert make_daemon(configuration, start=False).once() == 1
