# SPDX-License-Identifier: Apache-2.0
"""The channels that wake people: PagerDuty's events, the real Alertmanager, and a command of one's own."""

import os
import struct
import time

import pytest

from configs import LOW, config, source, webhook
from daemon import ctl, seconds, wait_until
from pagers import Alertmanager, Command, PagerDuty
from receivers import Answer

BROKE = {"name": "broke", "when": "available < 0", "severity": "critical"}


@pytest.fixture
def pagerduty(closer):
    return closer(PagerDuty())


@pytest.fixture
def alertmanager(closer, tmp_path):
    return closer(Alertmanager(tmp_path))


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path)


# PagerDuty


def test_an_incident_opens_and_closes(sim, pagerduty, make_daemon):
    daemon = make_daemon(config(source(sim), pagerduty.notifier(), [LOW, BROKE]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    (trigger,) = pagerduty.wait_for_events(1)
    assert trigger["payload"]["severity"] == "warning" and trigger["payload"]["source"] == "main"
    assert "99.99 USD" in trigger["payload"]["summary"] and trigger["payload"]["custom_details"]["available"] == "99.99"
    sim.set_card(1, available="-1")
    wait_until(lambda: len(pagerduty.open_incidents()) == 2, lambda: f"two incidents: {pagerduty.requests}")
    assert {i["severity"] for i in pagerduty.open_incidents().values()} == {"warning", "critical"}
    sim.set_card(1, available="600")
    wait_until(lambda: not pagerduty.open_incidents(), lambda: f"no incidents: {pagerduty.requests}")
    assert len(pagerduty.events()) == 4
    assert PagerDuty.KEY not in daemon.log_text() and PagerDuty.KEY.encode() not in daemon.store_bytes()


def test_twenty_alerts_are_twenty_incidents_and_more_are_one(make_sim, pagerduty, make_daemon):
    sim = make_sim("--customers", 21, "--cards", 1)
    for card in range(1, 22):
        sim.set_card(card, available="600", pending="0")
    make_daemon(config(source(sim, every="1s"), pagerduty.notifier(), route={"group_by": ["rule"]}))
    sim.wait_for_polls(2)
    sim.fault("list", "status", status=503, count=-1)
    for card in range(1, 21):
        sim.set_card(card, available="50")
    sim.clear_faults()
    pagerduty.wait_for_events(20)
    assert len(pagerduty.open_incidents()) == 20
    for card in range(1, 21):
        sim.set_card(card, available="600")
    wait_until(lambda: not pagerduty.open_incidents(), lambda: f"no incidents: {pagerduty.requests}")

    before = len(pagerduty.events())
    sim.fault("list", "status", status=503, count=-1)
    for card in range(1, 22):
        sim.set_card(card, available="50")
    sim.clear_faults()
    pagerduty.wait_for_events(before + 1)
    (incident,) = pagerduty.open_incidents().values()
    assert "21 cards" in incident["summary"] and incident["custom_details"]["firing"] == 21
    sim.fault("list", "status", status=503, count=-1)
    for card in range(1, 22):
        sim.set_card(card, available="600")
    sim.clear_faults()
    wait_until(lambda: not pagerduty.open_incidents(), lambda: f"no incidents: {pagerduty.requests}")
    assert len(pagerduty.events()) == before + 2


def test_what_was_so_already_closes_by_itself(sim, pagerduty, make_daemon):
    for card in (1, 2, 3):
        sim.set_card(card, available="50")
    make_daemon(config(source(sim), pagerduty.notifier()))
    pagerduty.wait_for_events(3)
    assert len(pagerduty.open_incidents()) == 3
    for card in (1, 2, 3):
        sim.set_card(card, available="600")
    wait_until(lambda: not pagerduty.open_incidents(), lambda: f"no incidents: {pagerduty.requests}")
    assert len(pagerduty.events()) == 6


def test_a_large_baseline_is_one_incident(make_sim, pagerduty, make_daemon):
    sim = make_sim("--customers", 21, "--cards", 1)
    for card in range(1, 22):
        sim.set_card(card, available="50", pending="0")
    make_daemon(config(source(sim), pagerduty.notifier()))
    (trigger,) = pagerduty.wait_for_events(1)
    assert "baseline" in trigger["payload"]["summary"] and trigger["payload"]["custom_details"]["firing"] == 21
    sim.wait_for_polls(3)
    assert len(pagerduty.events()) == 1


def test_pagerduty_asks_to_wait_in_the_middle_of_a_message(sim, pagerduty, make_daemon):
    """The message is delivered when all of its requests were; what was accepted comes again under the same key."""
    pagerduty.answer(Answer(202), Answer(429, {"Retry-After": "1"}))
    make_daemon(config(source(sim, every="1s"), pagerduty.notifier(), route={"group_by": ["rule"]}))
    sim.wait_for_polls(2)
    sim.fault("list", "status", status=503, count=-1)
    for card in (1, 2, 3):
        sim.set_card(card, available="50")
    sim.clear_faults()
    wait_until(lambda: len(pagerduty.open_incidents()) == 3, lambda: f"three incidents: {pagerduty.requests}")
    assert [r.answer.status for r in pagerduty.requests] == [202, 429, 202, 202, 202]
    assert pagerduty.requests[2].at - pagerduty.requests[1].at >= 0.95
    assert pagerduty.requests[0].body == pagerduty.requests[2].body


def test_one_event_that_is_refused_does_not_keep_the_others(sim, hook, pagerduty, make_daemon):
    pagerduty.answer(Answer(400, body=b'{"status":"invalid event"}'))
    daemon = make_daemon(config(source(sim, every="1s"), [pagerduty.notifier(), webhook(hook)], route={"group_by": ["rule"]}))
    sim.wait_for_polls(2)
    sim.fault("list", "status", status=503, count=-1)
    for card in (1, 2, 3):
        sim.set_card(card, available="50")
    sim.clear_faults()
    pagerduty.wait_for_events(2)
    dead = daemon.wait_for_event("message-dead")
    assert dead["reason"] == 'HTTP status 400: {"status":"invalid event"}' or dead["reason"].startswith("1 of 3 refused: HTTP status 400")
    hook.wait_for_alert("notifier-failing", "firing")
    assert len(pagerduty.requests) == 3


# Alertmanager


def test_alertmanager_takes_the_life_of_an_alert(sim, alertmanager, make_daemon):
    rules = [{**LOW, "labels": {"team": "treasury"}, "levels": [{"severity": "critical", "when": "available < 10"},
                                                                {"severity": "warning", "when": "available < 100"}]}]
    del rules[0]["when"]
    make_daemon(config(source(sim), alertmanager.notifier(), rules, control={"socket": "none", "external_url": "https://cw.example.com"}))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    (alert,) = alertmanager.wait_for_alerts(1)
    assert alert["labels"] == {"alertname": "low", "severity": "warning", "source": "main", "customer": "11001", "card": "1",
                               "currency": "USD", "team": "treasury"}
    assert "99.99 USD" in alert["annotations"]["summary"] and "available < 100" in alert["annotations"]["description"]
    assert alert["generatorURL"] == "https://cw.example.com/#/cards/main/1"
    assert abs(seconds(alert["startsAt"]) - time.time()) < 20 and 600 < seconds(alert["endsAt"]) - time.time() <= 900

    sim.set_card(1, available="5")
    alertmanager.wait_for_alerts(1, severity="critical")
    alertmanager.wait_for_alerts(0, severity="warning")
    sim.set_card(1, available="600")
    alertmanager.wait_for_alerts(0)


def test_alertmanager_is_told_of_all_in_a_baseline(make_sim, alertmanager, make_daemon):
    sim = make_sim("--customers", 60, "--cards", 10)
    for card in range(1, 601):
        sim.set_card(card, available="50", pending="0")
    make_daemon(config(source(sim), alertmanager.notifier(list=1)))
    alertmanager.wait_for_alerts(600, timeout_s=60)


def test_alertmanager_hears_again_of_what_fires_after_a_restart(sim, alertmanager, make_daemon):
    daemon = make_daemon(config(source(sim), alertmanager.notifier()))
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    alertmanager.wait_for_alerts(1)
    daemon.terminate()
    # It forgot all, as it does when nobody sends again.
    alertmanager.close()
    os.system(f"rm -rf '{alertmanager.folder}/data'")
    alertmanager.start()
    assert alertmanager.alerts() == []
    daemon.start()
    alertmanager.wait_for_alerts(1, card="1")
    delivered = len(daemon.log_lines("message-delivered", all_runs=True))
    assert delivered == 1  # the ledger has no part in it
    sim.set_card(1, available="600")
    alertmanager.wait_for_alerts(0)


def test_alertmanager_hears_again_in_time(sim, alertmanager, make_daemon, tmp_path):
    library = os.path.join(os.path.dirname(os.environ["CARDWATCH_BIN"]), "lib", "shifted_clock.so")
    clock = tmp_path / "clock"
    clock.write_bytes(struct.pack("=q", 0))
    options = os.environ.get("ASAN_OPTIONS", "")
    make_daemon(config(source(sim), alertmanager.notifier(), route={"group_by": ["rule"]}),
                env={"LD_PRELOAD": library, "SHIFTED_CLOCK": str(clock),
                     "ASAN_OPTIONS": f"{options}{':' if options else ''}verify_asan_link_order=0"})
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    sim.set_card(2, available="50")
    before = alertmanager.wait_for_alerts(2)
    ends = max(seconds(a["endsAt"]) for a in before)
    sim.set_card(2, available="600")
    alertmanager.wait_for_alerts(1)
    time.sleep(1)
    assert seconds(alertmanager.alerts()[0]["endsAt"]) <= ends
    clock.write_bytes(struct.pack("=q", 4 * 60 * 1000))
    sim.set_clock(4 * 60 * 1000)
    later = lambda: next(iter(a for a in alertmanager.alerts(alertname="low") if seconds(a["endsAt"]) > ends + 200), None)
    after = wait_until(later, lambda: f"later end: {alertmanager.alerts()}")
    assert after["startsAt"] == next(a["startsAt"] for a in before if a["labels"]["card"] == "1")


def test_alertmanager_is_away_for_a_while(sim, alertmanager, make_daemon):
    alertmanager.close()
    daemon = make_daemon(config(source(sim), alertmanager.notifier()))
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    daemon.wait_for_event("message-failed")
    alertmanager.start()
    alertmanager.wait_for_alerts(1, card="1", timeout_s=30)


def test_alertmanager_with_once(sim, alertmanager, make_daemon):
    daemon = make_daemon(config(source(sim), alertmanager.notifier()), start=False)
    assert daemon.once() == 0
    sim.set_card(1, available="50")
    assert daemon.once() == 0
    (before,) = alertmanager.alerts()
    time.sleep(1.1)
    assert daemon.once() == 0
    (after,) = alertmanager.alerts()
    assert seconds(after["endsAt"]) > seconds(before["endsAt"])
    sim.set_card(1, available="600")
    assert daemon.once() == 0
    assert alertmanager.alerts() == []


# exec


def test_a_command_gets_the_message(sim, command, make_daemon):
    make_daemon(config(source(sim), command.notifier("--team", "a b; $(id)")), env={"CARDWATCH_SECRET": "x", "HOME": "/root"})
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    env, args, message = command.wait_for_runs(1)[0]
    assert args == ["--team", "a b; $(id)"]
    assert message["alerts"][0]["rule"] == "low" and message["version"] == 1
    env = {n: v for n, v in env.items() if n not in ("PWD", "_", "OLDPWD", "SHLVL")}  # the shell's own
    assert env == {"PATH": env["PATH"], "LANG": "C.UTF-8", "CARDWATCH_ID": message["id"], "CARDWATCH_KIND": "alert",
                   "CARDWATCH_STATUS": "firing", "CARDWATCH_SEVERITY": "warning", "CARDWATCH_NOTIFIER": "script"}
    sim.set_card(1, available="600")
    assert command.wait_for_runs(2)[1][0]["CARDWATCH_STATUS"] == "resolved"


@pytest.mark.parametrize("then", ["exit 75", "kill -9 $$", "sleep 60"])
def test_a_command_that_fails_for_now_runs_again(sim, command, make_daemon, then):
    command.ends("echo not now >&2; " + then)
    daemon = make_daemon(config(source(sim), command.notifier(timeout="500ms")))
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    failed = daemon.wait_for_event("message-failed")
    assert failed["reason"].endswith(": not now")
    command.ends("exit 0")
    delivered = daemon.wait_for_event("message-delivered")
    assert delivered["id"] == failed["id"]
    assert len({m["id"] for _, _, m in command.runs()}) == 1


def test_a_command_that_refuses_is_a_dead_letter(sim, hook, command, make_daemon):
    command.ends("echo first >&2; echo 'no such queue' >&2; exit 2")
    daemon = make_daemon(config(source(sim), [command.notifier(), webhook(hook)]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    assert daemon.wait_for_event("message-dead")["reason"] == "exit status 2: no such queue"
    hook.wait_for_alert("notifier-failing", "firing")


def test_a_command_that_hangs_and_ignores_its_end_delays_nobody(sim, hook, command, make_daemon):
    command.ends("trap '' TERM; (trap '' TERM; sleep 77) & while :; do sleep 1; done")
    daemon = make_daemon(config(source(sim), [command.notifier(timeout="1s"), webhook(hook)]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    hook.wait_for_alert("low", "firing", timeout_s=2)
    daemon.wait_for_event("message-failed")
    oldest = min((n for n in os.listdir(command.folder) if n.endswith(".json")),
                 key=lambda n: os.stat(os.path.join(command.folder, n)).st_mtime_ns)
    first = int(oldest.split("-")[0])
    wait_until(lambda: not _group_exists(first), "the end of its group")
    # Perhaps it runs again already; what is dead is buried.
    children = [p for p in os.listdir("/proc") if p.isdigit() and _is_child_of(p, daemon.process.pid)]
    assert len(children) <= 1, children
    daemon.terminate(20)


def _group_exists(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _is_child_of(pid, parent):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return int(file.read().rsplit(")", 1)[1].split()[1]) == parent
    except OSError:
        return False


def test_a_daemon_that_ends_ends_its_commands(sim, command, make_daemon):
    command.ends("sleep 77")
    daemon = make_daemon(config(source(sim), command.notifier(timeout="60s")))
    sim.wait_for_polls(2)
    sim.set_card(1, available="50")
    command.wait_for_runs(1)
    daemon.terminate(20)
    pid = next(n.split("-")[0] for n in os.listdir(command.folder) if n.endswith(".json"))
    assert not os.path.exists(f"/proc/{pid}")


def test_notify_reaches_all_of_them(sim, pagerduty, alertmanager, command, make_daemon):
    daemon = make_daemon(config(source(sim), [pagerduty.notifier(), alertmanager.notifier(), command.notifier()]), start=False)
    for name in ("pd", "am", "script"):
        done = ctl("notify", "-c", daemon.config_path, name)
        assert done.returncode == 0, (name, done)
        done = ctl("notify", "--dry-run", "-c", daemon.config_path, name)
        assert done.returncode == 0 and PagerDuty.KEY not in done.stdout, (name, done)
    assert "TEST" in pagerduty.wait_for_events(1)[0]["payload"]["summary"]
    alertmanager.wait_for_alerts(1, alertname="test")
    assert command.wait_for_runs(1)[0][0]["CARDWATCH_KIND"] == "test"
