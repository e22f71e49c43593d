# SPDX-License-Identifier: Apache-2.0
"""A receiver that is not there: somebody stands in, nobody else is concerned, and its backlog is the outcome."""

from configs import config, source, webhook
from daemon import stays, wait_until
from receivers import Answer, Hook

CRITICAL = {"name": "debt", "when": "available < 0", "severity": "critical"}
LOW = {"name": "low", "when": "available < 100"}


def lines(hook):
    return [(a["rule"], a["card"]["id"], a["state"]) for a in hook.alerts() if a["card"]]


def test_silent_then_there_again(sim, make_daemon):
    chat, mail, other = Hook(default=Answer(hang=True)), Hook(), Hook()
    try:
        daemon = make_daemon(config(
            source(sim),
            [webhook(chat, "chat", timeout="300ms", fallback=["mail"]), webhook(mail, "mail"), webhook(other, "other")],
            rules=[LOW, CRITICAL], builtin={"notifier-failing": {"after": "1s"}},
            route={"notify": ["chat", "other"], "group_by": ["rule", "card"]}))
        daemon.wait_for_polls(1, "complete")
        sim.set_card(1, available="50")
        other.wait_for_alert("low", "firing")
        sim.set_card(2, available="-20")
        other.wait_for_alert("debt", "firing")
        print("the critical one goes to who stands in, and who fails is named to all others")
        mail.wait_for_alert("debt", "firing")
        mail.wait_for_alert("notifier-failing", "firing")
        other.wait_for_alert("notifier-failing", "firing")
        assert mail.alerts("low") == []
        print("what waits is changed until somebody can be told")
        sim.set_card(3, available="-5")
        mail.wait_for_alert("debt", "firing", count=2)
        sim.set_card(3, available="500")
        mail.wait_for_alert("debt", "resolved")
        chat.default = Answer()
        chat.wait_for_alert("low", "firing", timeout_s=60)
        wait_until(lambda: len({c for r, c, _ in lines(chat) if r == "debt"}) == 2, lambda: f"the backlog: {lines(chat)}", 60)
        mail.wait_for_alert("notifier-failing", "resolved")
        print("bytes stay, and nobody hears of an end without its beginning")
        by_id = {}
        for request in chat.requests:
            assert by_id.setdefault(request.id, request.body) == request.body
        for alert in chat.alerts("debt", "resolved"):
            assert alert["folded"] or ("debt", alert["card"]["id"], "firing") in lines(chat)
        stays(lambda: len(mail.alerts("debt", "firing")) == 2, "nothing twice", 0.5)
    finally:
        for hook in (chat, mail, other):
            hook.close()


def test_a_rate(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook, rate="4/s"), rules=[LOW, CRITICAL], route={"group_by": ["rule", "card"]}))
    daemon.wait_for_polls(1, "complete")
    for card in range(1, 4):
        sim.set_card(card, available="-50")
    wait_until(lambda: len(hook.messages) == 6, "six messages")
    stamps = sorted(m["sent_at"] for m in hook.messages)
    seconds = [float(stamp[17:23]) for stamp in stamps]
    for one, other in zip(seconds, seconds[1:]):
        assert (other - one) % 60 >= 0.24, stamps
