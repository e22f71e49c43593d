# SPDX-License-Identifier: Apache-2.0
"""Mail through a real SMTP server: what a mail program and a person see."""

import email.utils

from configs import config, mail, source, webhook
from daemon import wait_until


def test_a_mail_has_what_a_mail_program_wants(sim, smtp, make_daemon):
    make_daemon(config(source(sim), mail(smtp, to=["ops@example.com", "cfo@example.com"])))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    one = smtp.wait_for_mails(1)[0]
    assert one.sender == "cardwatch@example.com" and one.recipients == ["ops@example.com", "cfo@example.com"]
    assert one.subject.startswith("[WARNING] ") and "low" in one.subject and "acme-1" in one.subject
    assert one.message["From"] and one.message["To"]
    assert one.message["Auto-Submitted"] == "auto-generated" and one.message["List-Id"]
    assert email.utils.parsedate_to_datetime(one.message["Date"]).tzinfo is not None
    assert one.message["Message-ID"].startswith("<") and "@" in one.message["Message-ID"]
    assert one.message["References"] is None
    assert one.message.get_content_type() in ("multipart/alternative", "multipart/mixed")
    for part in (one.text, one.html):
        assert "99.99" in part and "USD" in part and "9193" in part and "acme-1" in part
    assert all(len(line) <= 998 for line in one.content.split(b"\r\n"))

    sim.set_card(1, available="120")
    two = smtp.wait_for_mails(2)[1]
    assert "120.00" in two.text and "120.00" in two.html
    assert one.message["Message-ID"] in two.message["References"]
    assert two.message["Message-ID"] != one.message["Message-ID"]


def test_a_mail_that_is_put_off_comes_again_with_its_id(sim, smtp, make_daemon):
    smtp.reply("451 4.3.0 later")
    make_daemon(config(source(sim), mail(smtp)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    taken = smtp.wait_for_mails(1)[0]
    assert taken.message["Message-ID"] == smtp.refused[0].message["Message-ID"]
    assert taken.text == smtp.refused[0].text


def test_a_mail_that_is_refused_for_good_is_told_through_others(sim, smtp, hook, make_daemon):
    smtp.reply("550 5.1.1 no such user")
    make_daemon(config(source(sim), [mail(smtp), webhook(hook)], route={"notify": ["mail"]}))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    alert = hook.wait_for_alert("notifier-failing", "firing")
    assert alert["card"] is None and "mail" in alert["summary"]
    sim.wait_for_polls(3)
    assert len(smtp.refused) == 1 and smtp.mails == []


def test_references_do_no_harm(sim, smtp, make_daemon):
    evil = 'x\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script>{{card.id}} "q" \u00fc\U0001f4b3 ' + "y" * 2000
    sim.set_customer(11001, reference=evil)
    make_daemon(config(source(sim), mail(smtp)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    one = smtp.wait_for_mails(1)[0]
    assert one.recipients == ["ops@example.com"] and one.message["Bcc"] is None
    assert one.message.defects == []
    assert "<script>" not in one.html and "&lt;script&gt;" in one.html
    assert "{{card.id}}" in one.text
    assert one.content.isascii() and all(len(line) <= 998 for line in one.content.split(b"\r\n"))


def test_a_dead_mail_server_delays_nobody(sim, smtp, hook, make_daemon):
    smtp.close()
    make_daemon(config(source(sim), [mail(smtp), webhook(hook)]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_alert("low", "firing", timeout_s=3)


def test_the_baseline_is_one_mail(make_sim, smtp, make_daemon):
    sim = make_sim("--customers", 40, "--cards", 1, "--low", 30)
    make_daemon(config(source(sim), mail(smtp)))
    one = smtp.wait_for_mails(1)[0]
    assert "30" in one.subject
    sim.wait_for_polls(4)
    wait_until(lambda: len(smtp.mails) == 1, "one mail and no more", 1)
