# SPDX-License-Identifier: Apache-2.0
"""Which card is which: one under two customers, one that changes hands or currency, ids and references of every kind."""

import json

import pytest

from configs import LOW, config, mail, source, syslog, webhook
from daemon import wait_until

JUMP = {"name": "jump", "on": "abs(delta(available)) > 10"}


def page(*customers):
    return json.dumps({"id": 0, "details": list(customers), "pageSize": 10, "pageNumber": 1, "numberOfPages": 1, "status": "1",
                       "errors": []})


def customer(number, cards, reference="acme"):
    """`cards`: id and balance."""
    return {"customersId": number, "customersReference": reference,
            "cards": [{"id": card, "currency": "usd", "totalBalance": balance, "availableBalance": balance, "pendingBalance": 0,
                       "bSuppressed": False} for card, balance in cards]}


def told(hook, *rules):
    return [(a["rule"], a["state"]) for a in hook.alerts() if a["rule"] in rules]


def fast(sim, **keys):
    return source(sim, every="100ms", **keys)


@pytest.mark.parametrize("late", [1, 2], ids=["its-own-page-is-late", "the-other-page-is-late"])
def test_a_card_under_two_customers_stays_where_it_was(sim, hook, make_daemon, late):
    """Failure 17, in whatever order the pages come."""
    daemon = make_daemon(config(fast(sim, page_size=1), webhook(hook), [LOW, JUMP]))
    daemon.wait_for_polls(2)
    sim.fault("list", "delay", page=late, delay_ms=30, count=-1)
    sim.set_card(2, available="20", raw={"id": "1"})  # customer 11002 says it has card 1, and that it is low
    alert = hook.wait_for_alert("bad-data", "firing")
    for words in ("Card 1", "customer 11002", "customer 11001", "source main"):
        assert words in alert["summary"], alert["summary"]
    assert "operator" in alert["description"]
    daemon.wait_for_polls(10)
    assert told(hook, "low", "jump") == [] and told(hook, "bad-data") == [("bad-data", "firing")]
    sim.fault("list", "status", page=1, status=500, count=3)  # nor does it move when its own page fails
    daemon.wait_for_polls(6)
    assert told(hook, "low", "jump") == [] and told(hook, "bad-data") == [("bad-data", "firing")]
    sim.set_card(1, available="50")
    alert = hook.wait_for_alert("low", "firing")
    assert (alert["card"]["id"], alert["customer"]["id"], alert["balances"]["available"]) == (1, 11001, "50.00")
    sim.set_card(2, available="600", raw={"id": "2"})
    ended = hook.wait_for_alert("bad-data", "resolved")
    assert "card 1 of customer 11002 of source main" in ended["summary"] and ended["description"] == ""
    daemon.wait_for_polls(3)
    assert told(hook, "low") == [("low", "firing")] and len(told(hook, "bad-data")) == 2


def test_a_card_that_changes_hands_begins_anew(sim, hook, make_daemon):
    daemon = make_daemon(config(fast(sim), webhook(hook), [LOW, JUMP]))
    daemon.wait_for_polls(2)
    sim.set_card(1, available="50")
    hook.wait_for_alert("low", "firing")
    hook.wait_for_alert("jump")
    sim.set_customer(11001, cards=[{"card": 1000, "available": "600"}])
    sim.set_customer(11002, cards=[{"card": 2, "available": "600"}, {"card": 1, "available": "20"}])
    hook.wait_for_alert("bad-data", "firing")
    alert = hook.wait_for_alert("low", "firing", 2)
    assert (alert["customer"]["id"], alert["previous"]) == (11002, None)
    before = hook.wait_for_alert("low", "resolved")
    assert before["customer"]["id"] == 11001 and before["reason"] == "the card moved to another customer"
    hook.wait_for_alert("bad-data", "resolved")
    daemon.wait_for_polls(2)
    assert told(hook, "jump") == [("jump", "event")]  # nothing is compared across the change


def test_a_card_that_changes_its_currency_begins_anew(sim, hook, make_daemon):
    """Failure 17: told, and no difference is taken between amounts in two currencies."""
    daemon = make_daemon(config(fast(sim), webhook(hook), [LOW, JUMP]))
    daemon.wait_for_polls(2)
    sim.set_card(1, available="6000", currency="jpy")
    alert = hook.wait_for_alert("bad-data", "firing")
    assert "currency was USD" in alert["summary"]
    assert "has been the same card since" in hook.wait_for_alert("bad-data", "resolved")["summary"]
    daemon.wait_for_polls(2)
    assert told(hook, "jump", "low") == []
    sim.set_card(1, available="5980")
    alert = hook.wait_for_alert("jump")
    assert (alert["card"]["currency"], alert["previous"]["available"], alert["balances"]["available"]) == ("JPY", "6000", "5980")


def test_any_number_is_an_id(sim, hook, make_daemon):
    """Zero, below zero, the largest: each card is itself, over a restart too."""
    cards = {-5: [-7, 0, 1 - (1 << 63)], 0: [8], (1 << 63) - 1: [9, (1 << 63) - 1]}

    def show(balance):
        sim.clear_faults()
        sim.fault("list", "body", count=-1, body=page(*[customer(c, [(i, balance) for i in ids]) for c, ids in cards.items()]))

    show(600)
    daemon = make_daemon(config(fast(sim), webhook(hook)))
    daemon.wait_for_polls(2)
    show(50)
    wait_until(lambda: len(hook.alerts("low", "firing")) == 6, "six alerts")
    daemon.restart()
    daemon.wait_for_polls(2)
    show(600)
    wait_until(lambda: len(hook.alerts("low", "resolved")) == 6, "six resolutions")
    daemon.wait_for_polls(2)
    owners = {(a["customer"]["id"], a["card"]["id"]) for a in hook.alerts("low")}
    assert owners == {(c, i) for c, ids in cards.items() for i in ids} and len(hook.alerts()) == 12


@pytest.mark.parametrize("number", ["1.0", "9223372036854775808", "-9223372036854775809", "-9223372036854775808", "1e3", '"1"', "null", "true", "-0"])
def test_what_is_no_id_is_told(sim, hook, make_daemon, number):
    daemon = make_daemon(config(fast(sim), webhook(hook)))
    daemon.wait_for_polls(2)
    sim.set_card(1, raw={"id": number})
    if number == "-0":
        daemon.wait_for_polls(3)
        return  # either way is right, as long as it goes on
    alert = hook.wait_for_alert("bad-data", "firing")
    assert "customer 11001" in alert["summary"] and "id" in alert["summary"]
    sim.set_card(1, raw={"id": "1"})
    assert "customer 11001" in hook.wait_for_alert("bad-data", "resolved")["summary"]


ODD = ["\"quoted\", 'too'", "two\r\nlines", "<script>alert(1)</script>", "{{card.id}}{{/x}}", "💳‮ egral", "y" * 10240, "", None]


def test_references_of_every_kind_in_every_channel(make_sim, hook, smtp, rsyslog, make_daemon, tmp_path):
    """Failure 18, all at once: a message that lists them all is as harmless as one."""
    sim = make_sim("--customers", len(ODD), "--cards", 1)
    for i, reference in enumerate(ODD):
        sim.set_customer(11001 + i, reference=reference, cards=[{"card": i + 1, "available": "600", "pending": "0"}])
    path = tmp_path / "alerts.jsonl"
    rules = [{**LOW, "summary": "Card {{card.id}} of {{customer.reference}}"}]
    daemon = make_daemon(config(fast(sim), [webhook(hook), mail(smtp), syslog(rsyslog.tcp),
                                            {"name": "file", "type": "file", "path": str(path)}], rules,
                                route={"notify": ["hook", "mail", "log", "file"], "group_by": ["rule"]}))
    daemon.wait_for_polls(2)
    sim.fault("list", "delay", delay_ms=300)  # all fall between two polls
    for card in range(1, len(ODD) + 1):
        sim.set_card(card, available="1")
    wait_until(lambda: len(hook.alerts("low", "firing")) == len(ODD), "all of them")
    for alert in hook.alerts("low"):
        given, got = ODD[alert["card"]["id"] - 1], alert["customer"]["reference"]
        assert got == given or (given and len(given) > 1000 and given.startswith(got.rstrip("…."))), ascii(got)
    wait_until(lambda: path.exists() and path.read_text().count("\n") == len(hook.messages), "the file's lines")
    lines = path.read_bytes().splitlines()
    assert [json.loads(line)["alerts"] for line in lines] == [message["alerts"] for message in hook.messages]
    for letter in smtp.wait_for_mails(len(hook.messages)):
        assert "<script" not in letter.html and "‮" not in letter.html + letter.text + letter.subject
        assert "\n" not in letter.subject and "{{" not in letter.text.replace("{{card.id}}", "").replace("{{/x}}", "")
    records = rsyslog.wait_for_records(len(ODD))
    assert len(records) == len(ODD) and all(r["app"] and r["msgid"] == "low" and "\n" not in r["msg"] for r in records)
