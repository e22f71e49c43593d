# SPDX-License-Identifier: Apache-2.0
"""The receivers themselves: a fixture that records nothing, or takes anything, proves nothing."""

import http.client
import json
import smtplib
import socket

import pytest

from receivers import Answer, Hook

BODY = {"version": 1, "counts": {"listed": 0}, "alerts": []}
HEADERS = {"webhook-id": "a", "webhook-timestamp": "1", "content-type": "application/json"}


def post(hook, body, headers=None, timeout_s=2):
    connection = http.client.HTTPConnection("127.0.0.1", int(hook.url.split(":")[2].split("/")[0]), timeout=timeout_s)
    try:
        connection.request("POST", "/alerts", body if isinstance(body, bytes) else json.dumps(body), {**HEADERS, **(headers or {})})
        answer = connection.getresponse()
        answer.read(10)
        return answer.status, dict(answer.getheaders())
    finally:
        connection.close()


def test_a_hook_records_and_answers_in_order(hook):
    hook.answer(Answer(503, {"Retry-After": "7"}), Answer(200, body=b"ok"))
    assert post(hook, BODY)[0] == 503
    assert post(hook, BODY)[0] == 200
    assert post(hook, BODY, {"webhook-id": "b"})[0] == 204
    assert [r.delivered for r in hook.requests] == [False, True, True]
    assert len(hook.messages) == 2


def test_a_hook_can_fall_silent_hang_up_and_talk_without_end(hook):
    hook.answer(Answer(hang=True), Answer(drop=True), Answer(200, drip=True))
    with pytest.raises(TimeoutError):
        post(hook, BODY, timeout_s=0.3)
    with pytest.raises(http.client.RemoteDisconnected):
        post(hook, BODY)
    assert post(hook, BODY)[0] == 200
    assert hook.messages == []


@pytest.mark.parametrize("body, headers, why", [
    (b"{", {}, "no JSON"),
    (b'{"version": 1, "version": 1, "counts": {"listed": 0}, "alerts": []}', {}, "a member twice"),
    (b'{"version": 1, "counts": {"listed": 0}, "alerts": [], "x": 1.5}', {}, "an amount as a number"),
    ({**BODY, "counts": {"listed": 1}}, {}, "a count that is wrong"),
    (BODY, {"webhook-id": ""}, "no id"),
])
def test_a_hook_is_strict(body, headers, why):
    hook = Hook()
    post(hook, body, headers)
    with pytest.raises(AssertionError):
        hook.close()


def test_a_hook_notices_two_bodies_under_one_id():
    hook = Hook()
    post(hook, BODY)
    post(hook, {**BODY, "x": 1})
    with pytest.raises(AssertionError):
        hook.close()


def test_a_mail_server_takes_and_refuses(smtp):
    smtp.reply("451 4.3.0 later")
    port = int(smtp.url.rsplit(":", 1)[1])
    with smtplib.SMTP("127.0.0.1", port) as client:
        with pytest.raises(smtplib.SMTPDataError):
            client.sendmail("a@example.com", ["b@example.com"], b"Subject: one\r\n\r\ntext\r\n")
        client.sendmail("a@example.com", ["b@example.com"], b"Subject: two\r\n\r\ntext\r\n")
    assert [m.subject for m in smtp.mails] == ["two"]
    assert [m.subject for m in smtp.refused] == ["one"]


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"])
def test_rsyslog_takes_rfc_5424(rsyslog, kind):
    record = '<12>1 2026-11-22T08:00:00.123Z host cardwatchd 17 low-balance [cardwatch@32473 rule="low\\"x"] w\u00f6rds'.encode()
    if kind == "tcp":
        with socket.create_connection(("127.0.0.1", rsyslog.tcp_port)) as sock:
            sock.sendall(b"%d %s" % (len(record), record))
    elif kind == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(record, ("127.0.0.1", rsyslog.udp_port))
    else:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(record, rsyslog.unix_path)
    got = rsyslog.wait_for_records(1)[0]
    assert got["msgid"] == "low-balance" and got["app"] == "cardwatchd" and got["severity"] == "4"
    assert got["data"] == '[cardwatch@32473 rule="low\\"x"]'
    assert "w\u00f6rds" in got["msg"]


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"])
def test_raw_sockets_keep_the_bytes(syslog_socket, kind):
    receiver = syslog_socket(kind)
    if kind == "tcp":
        with socket.create_connection(receiver.sock.getsockname()) as sock:
            sock.sendall(b"3 abc5 d e\nf")
        assert receiver.wait_for_frames(2) == [b"abc", b"d e\nf"]
        return
    with socket.socket(receiver.sock.family, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"abc\n", receiver.sock.getsockname())
    assert receiver.wait_for_frames(1) == [b"abc\n"]
