# SPDX-License-Identifier: Apache-2.0
"""The daemon's own alerts: each fires and resolves, and those that follow from another stay quiet."""

from configs import LOW, config, login, mail, source, webhook
from daemon import wait_until
from messages import helps


def rules_told(hook):
    return {a["rule"] for a in hook.alerts()}


def is_builtin(alert):
    return alert["card"] is None and alert["customer"] is None and alert["balances"] is None and bool(alert["summary"])


def test_source_down(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.fault("list", "status", status=500, count=2)
    sim.wait_for_polls(5)
    assert hook.requests == []  # two failed polls are not three
    sim.fault("list", "status", status=500, count=-1)
    alert = hook.wait_for_alert("source-down", "firing")
    assert is_builtin(alert) and alert["severity"] == "critical" and alert["source"] == "main"
    sim.clear_faults()
    helps(alert, hook.wait_for_alert("source-down", "resolved"), "3 polls in a row", "500", "old")
    sim.wait_for_polls(3)
    assert rules_told(hook) == {"source-down"} and len(hook.messages) == 2


def test_source_down_inhibits_stale(sim, hook, make_daemon):
    make_daemon(config(source(sim, stale_after=3), webhook(hook)))
    sim.wait_for_polls(2)
    sim.fault("list", "reset", count=-1)
    hook.wait_for_alert("source-down", "firing")
    sim.wait_for_polls(8)
    assert rules_told(hook) == {"source-down"}


def test_stale(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 30, "--cards", 1)
    make_daemon(config(source(sim, page_size=10, stale_after=3), webhook(hook)))
    sim.wait_for_polls(2)
    sim.fault("list", "status", page=2, status=500, count=-1)
    alert = hook.wait_for_alert("stale", "firing")
    assert is_builtin(alert) and alert["severity"] == "critical"
    sim.clear_faults()
    helps(alert, hook.wait_for_alert("stale", "resolved"), "no complete poll for", "the last lacked page 2: the API answered 500")
    assert rules_told(hook) == {"stale"}


def test_bad_data(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, raw={"availableBalance": '"a lot"'})
    alert = hook.wait_for_alert("bad-data", "firing")
    assert is_builtin(alert) and alert["severity"] == "warning"
    sim.set_card(2, available="1")
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 2
    sim.set_card(1, raw={"availableBalance": "600"})
    helps(alert, hook.wait_for_alert("bad-data", "resolved"), "card 1 of customer 11001", "availableBalance")
    assert rules_told(hook) == {"bad-data", "low"}


def test_a_card_that_is_set_aside_keeps_its_alert(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="1")
    hook.wait_for_alert("low", "firing")
    for text in ("99.1234567", "1e30", "null", '"NaN"', "9223372036854775808"):
        sim.set_card(1, raw={"availableBalance": text})
        sim.wait_for_polls(2)
    hook.wait_for_alert("bad-data", "firing")
    assert hook.alerts("low", "resolved") == []


def test_auth_failed_asks_once(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim, auth=login(password="wrong"), stale_after=3), webhook(hook)))
    alert = hook.wait_for_alert("auth-failed", "firing")
    assert is_builtin(alert) and alert["severity"] == "critical" and "wrong" not in alert["summary"]
    daemon.poll_now()
    wait_until(lambda: sim.state()["logins"]["bad"] >= 1, "a log-in")
    hook.stays_at(1, 1.5)  # source-down and stale would have fired by now
    assert sim.state()["logins"]["bad"] == 1
    assert rules_told(hook) == {"auth-failed"}
    daemon.hup(config(source(sim, auth=login()), webhook(hook)))
    helps(alert, hook.wait_for_alert("auth-failed", "resolved"), "Username_Or_Password_Incorrect")


def test_a_wrong_key_is_auth_failed_too(sim, hook, make_daemon):
    from configs import key

    make_daemon(config(source(sim, auth=key("wrong-key")), webhook(hook)))
    assert "wrong-key" not in hook.wait_for_alert("auth-failed", "firing")["summary"]
    hook.stays_at(1, 1)
    assert rules_told(hook) == {"auth-failed"}


def test_logging_in_works_and_lasts(sim, hook, make_daemon):
    make_daemon(config(source(sim, auth=login()), webhook(hook)))
    sim.wait_for_polls(4)
    sim.set_card(1, available="1")
    hook.wait_for_alert("low", "firing")
    assert sim.state()["logins"] == {"good": 1, "bad": 0}


def test_suspect_snapshot(make_sim, smtp, hook, make_daemon):
    """Also as whoever reads mail sees it: subject, advice, since when; and at the end what it ended with, and no advice."""
    sim = make_sim("--customers", 30, "--cards", 1)
    make_daemon(config(source(sim), [webhook(hook), mail(smtp)]))
    sim.wait_for_polls(2)
    sim.fault("list", "list-zero", count=-1)
    alert = hook.wait_for_alert("suspect-snapshot", "firing")
    sim.clear_faults()
    helps(alert, hook.wait_for_alert("suspect-snapshot", "resolved"), "30 of 30 cards dropped to zero at once")
    began, ended = smtp.wait_for_mails(2)
    assert began.subject == "[CRITICAL] suspect-snapshot: The card API's list for source main is too odd to be true"
    assert "what is wrong with the list." in began.text and "cardwatch accept main" in began.text and "since " in began.text and "what happened" not in began.text
    assert ended.subject == "[RESOLVED] suspect-snapshot: the list of source main is plausible again"
    assert "lasted" in ended.text and "accept" not in ended.text + ended.html


def test_stale_while_the_api_asks_to_wait(sim, hook, make_daemon):
    """No poll ends that could tell: the clock finds out, and the advice says where to look."""
    make_daemon(config(source(sim, every="100ms", stale_after=4), webhook(hook)))
    sim.wait_for_polls(2)
    sim.fault("list", "rate-limit", retry_after="2")
    helps(hook.wait_for_alert("stale", "firing"), hook.wait_for_alert("stale", "resolved"), "no complete poll for",
          "the last failed: the API answered 429", "asks to wait 2s")
    assert rules_told(hook) == {"stale"}


def test_store_failing(sim, hook, make_daemon):
    """Failure 14: alerts go out all the same, and not once more when the store is well again."""
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    daemon.start(env={"CARDWATCH_FAULT": "commit-fail:3-40"})
    sim.wait_for_polls(3)
    sim.set_card(1, available="99.99")
    hook.wait_for_alert("low", "firing")
    alert = hook.wait_for_alert("store-failing", "firing")
    assert is_builtin(alert) and alert["severity"] == "critical"
    helps(alert, hook.wait_for_alert("store-failing", "resolved", timeout_s=60))
    sim.wait_for_polls(4)
    assert len(hook.alerts("low")) == 1
    sim.set_card(1, available="120")
    hook.wait_for_alert("low", "resolved")
    daemon.restart()
    sim.wait_for_polls(4)
    assert [a["state"] for a in hook.alerts("low")] == ["firing", "resolved"]


def test_store_failing_to_settle(make_sim, hook, make_daemon):
    """Nothing is lost, but the tables do not follow: reported like a commit that fails, and tried again."""
    sim = make_sim("--customers", 10, "--cards", 1)
    daemon = make_daemon(config(source(sim), webhook(hook)), start=False)
    daemon.start(env={"CARDWATCH_FAULT": "settle-fail:1-2"})
    sim.wait_for_polls(2)
    for card in range(1, 9):
        sim.set_card(card, available="99.99")
    alert = hook.wait_for_alert("store-failing", "firing")
    helps(alert, hook.wait_for_alert("store-failing", "resolved", timeout_s=60))


def test_reload_failed(sim, hook, make_daemon):
    good = config(source(sim), webhook(hook))
    daemon = make_daemon(good)
    sim.wait_for_polls(2)
    daemon.hup("sources: [\n", wait_for="reload-failed")
    alert = hook.wait_for_alert("reload-failed", "firing")
    assert is_builtin(alert) and alert["severity"] == "warning"
    sim.set_card(1, available="1")
    hook.wait_for_alert("low", "firing")  # the old file is in force
    daemon.hup(good)
    helps(alert, hook.wait_for_alert("reload-failed", "resolved"))
    assert len(hook.alerts("reload-failed")) == 2


def test_they_can_be_graded_and_switched_off(sim, hook, make_daemon):
    make_daemon(config(source(sim), webhook(hook), [LOW], builtin={
        "source-down": {"severity": "info", "after": 2}, "bad-data": {"enabled": False}, "stale": {"enabled": False}}))
    sim.set_card(1, raw={"availableBalance": '"a lot"'})
    sim.wait_for_polls(4)
    assert hook.requests == []
    sim.fault("list", "status", status=500, count=-1)
    assert hook.wait_for_alert("source-down", "firing")["severity"] == "info"


def test_they_are_routed_like_others(sim, make_hook, make_daemon):
    ops, all_alerts = make_hook(), make_hook()
    make_daemon(config(source(sim), [webhook(ops, "ops"), webhook(all_alerts, "all")], route={"notify": ["all"]}))
    sim.wait_for_polls(2)
    sim.fault("list", "reset", count=-1)
    all_alerts.wait_for_alert("source-down", "firing")
    assert ops.requests == []
