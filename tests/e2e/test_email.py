# SPDX-License-Identifier: Apache-2.0
"""Mail through a real SMTP server: what a mail program and a person see."""

import email.utils
import re
import struct
import zlib

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
    assert "`cardwatch outbox list`" in alert["description"]
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


def png_size(data):
    """Of a PNG whose chunks are whole and whose pixels unpack."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels, size = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
        size = struct.unpack(">II", body[:8]) if kind == b"IHDR" else size
        pixels += body if kind == b"IDAT" else b""
        at += 12 + length
    assert len(zlib.decompress(pixels)) == (size[0] * 4 + 1) * size[1]
    return size


def test_the_balance_is_drawn(sim, smtp, make_daemon):
    """The chart hangs on the HTML, which names it; a mail that is put off comes again with the same picture."""
    smtp.reply("451 4.3.0 later")
    make_daemon(config(source(sim), [mail(smtp), mail(smtp, name="vague", detail="band", to=["vague@example.com"]),
                                     mail(smtp, name="silent", detail="none", to=["silent@example.com"])]))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    mails = {one.recipients[0]: one for one in smtp.wait_for_mails(3)}
    one = mails["ops@example.com"].message
    assert one.get_content_type() == "multipart/alternative"
    plain, related = one.iter_parts()
    assert plain.get_content_type() == "text/plain" and related.get_content_type() == "multipart/related"
    html, picture = related.iter_parts()
    assert html.get_content_type() == "text/html" and picture.get_content_type() == "image/png"
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in html.get_content()
    assert png_size(picture.get_content()) == (1040, 460)
    words = re.search(r'alt="([^"]*)"', html.get_content())[1]
    assert "99.99" in words and "USD" in words and "limit 100" in words

    vague = mails["vague@example.com"]
    assert "99 %" in vague.text and "acme-1" in vague.text and "99.99" not in vague.text + vague.html
    assert "% of limit" in vague.html and b"image/png" in vague.content
    silent = mails["silent@example.com"]
    assert b"image/png" not in silent.content and "acme-1" not in silent.text + silent.html + silent.subject
    refused = smtp.refused[0]
    again = mails[refused.recipients[0]]
    assert list(refused.message.walk())[-1].get_payload() == list(again.message.walk())[-1].get_payload()


def test_customers_get_mails_of_their_own(make_sim, smtp, make_daemon):
    """Those who watch get everything; a customer its own alerts, apart, without how it is run, and without the baseline."""
    sim = make_sim("--customers", 3, "--cards", 2)
    first, second = [customer["customersId"] for customer in sim.list().json["details"]][:2]
    cards = {customer["customersId"]: [card["id"] for card in customer["cards"]] for customer in sim.list().json["details"]}
    references = {customer["customersId"]: customer["customersReference"] for customer in sim.list().json["details"]}
    sim.set_card(cards[first][1], available="10")
    make_daemon(config(source(sim), mail(smtp, to_customers={str(first): ["cfo@acme.example", "two@acme.example"],
                                                             str(second): "boss@other.example"}),
                       route={"group_by": ["rule"]}, control={"socket": "none", "external_url": "https://inside.example.com"}))
    baseline = smtp.wait_for_mails(1)[0]
    assert baseline.recipients == ["ops@example.com"]
    sim.wait_for_polls(2)
    for card in (cards[first][0], cards[second][0], cards[second][1]):
        sim.set_card(card, available="50")
    wait_until(lambda: len({tuple(one.recipients) for one in smtp.mails}) == 3, "mails to all three")
    by = {tuple(one.recipients): one for one in smtp.mails[1:]}
    acme, other = by[("cfo@acme.example", "two@acme.example")], by[("boss@other.example",)]
    assert references[first] in acme.text and references[second] not in acme.text
    assert references[second] in other.text and references[first] not in other.text
    for one in (acme, other):
        assert "50.00" in one.text and "ops@example.com" not in one.content.decode()
        assert "inside.example.com" not in one.text + one.html and "cardwatch a" not in one.text and "rule:" not in one.text
    sim.set_card(cards[first][0], available="500")
    wait_until(lambda: any(one.subject.startswith("[RESOLVED]") and one.recipients == acme.recipients for one in smtp.mails),
               "the end to the customer")
    end = next(one for one in smtp.mails if one.subject.startswith("[RESOLVED]") and one.recipients == acme.recipients)
    assert end.message["References"] == acme.message["Message-ID"]


def test_a_single_round_draws_too(sim, smtp, make_daemon):
    daemon = make_daemon(config(source(sim), mail(smtp)), start=False)
    assert daemon.once() == 0
    sim.set_card(1, available="99.99")
    assert daemon.once() == 0
    assert [one.subject[:9] for one in smtp.mails] == ["[WARNING]"] and b"image/png" in smtp.mails[0].content
