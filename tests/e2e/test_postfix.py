# SPDX-License-Identifier: Apache-2.0
"""Mail through the real Postfix, as most people will have it: STARTTLS, a log-in, a mailbox at the end."""

import email.utils

import pytest

from configs import config, source, webhook
from postfix import PASSWORD, REALM, USER, Postfix
from test_connections import certificates  # noqa: F401: a fixture
from test_email import png_size


@pytest.fixture(scope="module")
def postfix(certificates):  # noqa: F811
    server = Postfix(certificates)
    yield server
    server.close()


def mail(postfix, certificates, **keys):  # noqa: F811
    return {"name": "mail", "type": "email", "smtp": f"smtp://127.0.0.1:{postfix.port}", "starttls": "required",
            "username": f"{USER}@{REALM}", "password": f"plain:{PASSWORD}", "tls": {"ca": f"{certificates}/ca.pem"},
            "from": "cardwatch@example.com", "to": ["ops@example.com"], "timeout": "10s", **keys}


def test_from_the_log_in_to_the_mailbox(sim, postfix, certificates, make_daemon):  # noqa: F811
    """Greylisted first, then a thread of two; and what stands in the mailbox is what a mail program wants."""
    postfix.greylist.later = 1
    sim.set_customer(11001, reference="Müller & Söhne 💳")
    make_daemon(config(source(sim), mail(postfix, certificates)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    one = postfix.wait_for_mails("ops", 1)[0]
    assert postfix.greylist.asked == 2
    assert "TLSv1.3" in one["Received"] and "ESMTPSA" in str(one["Received"])
    assert one["Subject"].startswith("[WARNING] low: card 1 of Müller & Söhne 💳")
    assert one.defects == [] and one["Message-ID"].endswith("@example.com>") and one["References"] is None
    assert one["Auto-Submitted"] == "auto-generated" and one["List-Id"] == "<mail.cardwatch.example.com>"
    assert email.utils.parsedate_to_datetime(one["Date"]).tzinfo is not None
    assert one["From"] == "cardwatch@example.com" and one["To"] == "ops@example.com"
    assert one.get_content_type() == "multipart/alternative"
    plain, related = one.iter_parts()
    html, picture = related.iter_parts()
    assert [part.get_content_type() for part in (plain, related, html, picture)] == \
        ["text/plain", "multipart/related", "text/html", "image/png"]
    for part in (plain, html):
        assert "99.99 USD" in part.get_content()
    assert "Müller & Söhne 💳" in plain.get_content() and "Müller &amp; Söhne 💳" in html.get_content()
    assert picture["Content-ID"].strip("<>") in html.get_content() and png_size(picture.get_content()) == (1040, 460)

    sim.set_card(1, available="120")
    two = postfix.wait_for_mails("ops", 2)[1]
    assert two["Subject"].startswith("[RESOLVED]")
    assert one["Message-ID"] == two["References"] == two["In-Reply-To"] != two["Message-ID"]


@pytest.mark.parametrize("keys, reason", [
    pytest.param({"to": ["ghost@example.com"]}, "550 5.1.1 <ghost@example.com>: Recipient address rejected", id="no-such-user"),
    pytest.param({"password": "plain:wrong"}, "535 5.7.8 Error: authentication failed", id="wrong-password"),
    pytest.param({"tls": {}}, "certificate", id="a-certificate-nobody-trusts"),
])
def test_what_is_wrong_is_said(sim, hook, postfix, certificates, make_daemon, keys, reason):  # noqa: F811
    before = len(postfix.mails("ops"))
    daemon = make_daemon(config(source(sim), [mail(postfix, certificates, **keys), webhook(hook)], route={"notify": ["mail"]},
                                builtin={"notifier-failing": {"after": "1s"}}))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    alert = hook.wait_for_alert("notifier-failing", "firing")
    assert reason in alert["summary"] + alert["reason"], alert
    assert PASSWORD not in daemon.log_text() and "plain:" not in alert["summary"]
    assert len(postfix.mails("ops")) == before
