# SPDX-License-Identifier: Apache-2.0
"""The channels of chats and phones, all at once, against receivers that take nothing but what they document."""

import subprocess
import threading

import pytest

import chats
from configs import LOW, config, source, webhook
from daemon import ctl
from receivers import Answer

RULES = [LOW, {"name": "broke", "when": "available < 0", "severity": "critical"},
         {"name": "off", "on": "changed(suppressed)", "severity": "info"}]
EVIL = "*_~[x](http://evil.example) @everyone <!channel> </b>&amp;"


@pytest.fixture
def receivers(closer, tmp_path):
    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True)

    return [closer(kind()) for kind in chats.KINDS] + [closer(chats.Pushover(tmp_path, openssl))]


def through(sim, receivers, further=(), **keys):
    return config(source(sim), [r.notifier(**keys) for r in receivers] + list(further), RULES,
                  control={"socket": "none", "external_url": chats.SITE})


def say_nothing_secret(text, receivers):
    for receiver in receivers:
        for secret in receiver.secrets:
            assert secret not in text, (receiver.kind, secret)


def test_the_life_of_an_alert(sim, receivers, make_daemon):
    """Baseline, firing, resolution and an event, as people read them."""
    sim.set_card(3, available="7.50")
    daemon = make_daemon(through(sim, receivers))
    for r in receivers:
        assert "baseline" in r.wait_for_text("WARNING", "low", "card 3", "7.50 USD")
    sim.set_card(1, available="99.99", pending="12.50")
    for r in receivers:
        text = r.wait_for_text("WARNING", "low", "card 1", "99.99 USD", "was 600.00", "pending 12.50", "available < 100")
        assert "baseline" not in text
    sim.set_card(1, available="-3.20")
    for r in receivers:
        r.wait_for_text("CRITICAL", "broke", "\u22123.20 USD")
    sim.set_card(1, available="640")
    for r in receivers:
        r.wait_for_text("RESOLVED", "low", "640.00 USD", "lasted", "lowest")
    sim.set_card(2, suppressed=True)
    for r in receivers:
        r.wait_for_text("INFO", "off", "card 2", "now deactivated")
    say_nothing_secret(daemon.log_text(), receivers)
    assert not any(s.encode() in daemon.store_bytes() for r in receivers for s in r.secrets)


def test_what_a_reference_says_does_nothing(sim, receivers, make_daemon):
    """The receivers refuse markup and links that are not ours."""
    sim.set_customer(11001, reference=EVIL)
    make_daemon(through(sim, receivers))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    for r in receivers:
        text = r.wait_for_text("WARNING", "99.99 USD").replace("\u200b", "")
        assert EVIL in text or r.kind == "discord", text


def test_the_waits_they_ask_for(sim, receivers, make_daemon):
    for r in receivers:
        r.answer(r.later)
    make_daemon(through(sim, receivers))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    for r in receivers:
        first, second = r.wait_for_requests(2)
        assert first.body == second.body and r.wait_s - 0.05 <= second.at - first.at < r.wait_s + 6, (r.kind, r.requests)
        r.wait_for_text("99.99 USD")


def test_what_they_refuse_is_told_elsewhere(sim, receivers, hook, make_daemon):
    for r in receivers:
        r.default = r.refused  # one that is taken would be the end of notifier-failing
    daemon = make_daemon({**through(sim, receivers, [webhook(hook)]), "route": {"notify": [r.kind for r in receivers]}})
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_alert("notifier-failing", "firing", len(receivers))
    failing = " ".join(a["summary"] + a["reason"] for a in hook.alerts("notifier-failing", "firing"))
    for r in receivers:
        assert r.kind in failing and f"HTTP status {r.refused.status}" in failing
        assert len([q for q in r.requests if "99.99" in getattr(q, "text", "")]) == 1
    for words in ("no_service", "Unknown Webhook", "chat not found", "M_FORBIDDEN", "no such token", "user identifier"):
        assert words in failing
    say_nothing_secret(daemon.log_text() + failing, receivers)


def test_trying_them_out(sim, receivers, make_daemon):
    """`cardwatch notify`: one message that says it is a test; with --dry-run nothing goes out and no secret is shown."""
    daemon = make_daemon(through(sim, receivers), start=False)
    for r in receivers:
        shown = ctl("notify", r.kind, "--dry-run", "-c", daemon.config_path)
        assert shown.returncode == 0 and "TEST" in shown.stdout and r.requests == []
        say_nothing_secret(shown.stdout + shown.stderr, receivers)
        sent = ctl("notify", r.kind, "-c", daemon.config_path)
        assert sent.returncode == 0 and "delivered" in sent.stdout, sent.stderr
        (text,) = r.texts()
        assert "TEST" in text
    receivers[0].answer(receivers[0].refused)
    refused = ctl("notify", "slack", "-c", daemon.config_path)
    assert refused.returncode == 1 and "no_service" in refused.stderr
    say_nothing_secret(refused.stdout + refused.stderr, receivers)


def test_nobody_there(sim, receivers, make_daemon):
    """What curl says of a failure names the host and no more."""
    receivers = [r for r in receivers if r.kind != "pushover"]
    for r in receivers:
        r.answer(Answer(drop=True))
    daemon = make_daemon(through(sim, receivers))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    for r in receivers:
        r.wait_for_text("WARNING")
    assert len(daemon.log_lines("message-failed")) == len(receivers)
    say_nothing_secret(daemon.log_text(), receivers)


def test_a_slow_group_keeps_no_other_waiting(sim, receivers, make_daemon):
    told = threading.Event()
    for r in receivers:
        r.answer(Answer(r.taken.status, body=r.taken.body, after=told))
    make_daemon({**through(sim, receivers, timeout="20s"), "route": {"group_by": ["rule", "customer"]}})
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    for r in receivers:
        r.wait_for_requests(1)
    sim.set_card(2, available="98.88")
    for r in receivers:
        r.wait_for_text("card 2", "98.88 USD", timeout_s=15)
    told.set()


def test_a_storm_keeps_its_count(make_sim, receivers, make_daemon):
    sim = make_sim("--customers", 500, "--cards", 2, "--low", 1000, "--suppressed", 0)
    daemon = make_daemon({**through(sim, receivers, list=500), "route": {"group_by": ["rule"]}})
    daemon.wait_for_event("poll-ended")
    for r in receivers:
        r.wait_for_text("low", "1000 cards", "not listed here")
