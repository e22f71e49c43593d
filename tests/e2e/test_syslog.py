# SPDX-License-Identifier: Apache-2.0
"""RFC 5424 as a real rsyslog understands it, and the bytes where it would mend them."""

import re

import pytest

from configs import LOW, config, source, syslog
from daemon import wait_until

RULES = [LOW, {"name": "overdrawn", "when": "available < 0", "severity": "critical"},
         {"name": "suppression", "on": "changed(suppressed)", "severity": "info"}]

RECORD = re.compile(rb"<(\d+)>1 (\S+) (\S+) (\S+) (\S+) (\S+) (\[.*\]|-)(?: (.*))?", re.DOTALL)


def fields(data):
    """The parameters of an SD-ELEMENT, unescaped."""
    assert data.startswith("[cardwatch@32473 ") and data.endswith("]")
    found = re.findall(r' ([A-Za-z0-9_.-]+)="((?:\\.|[^"\\\]])*)"', data)
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in found}


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"])
def test_rsyslog_understands_every_alert(sim, rsyslog, make_daemon, kind):
    make_daemon(config(source(sim), syslog(getattr(rsyslog, kind)), RULES))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    firing = rsyslog.wait_for_records(1, "low")[0]
    assert (firing["severity"], firing["app"], firing["msgid"]) == ("4", "cardwatchd", "low")
    data = fields(firing["data"])
    assert data["rule"] == "low" and data["state"] == "firing" and data["severity"] == "warning" and data["source"] == "main"
    assert data["customer"] == "11001" and data["card"] == "1" and data["currency"] == "USD" and data["available"] == "99.99"

    sim.set_card(1, available="120")
    resolved = rsyslog.wait_for_records(2, "low")[1]
    assert resolved["severity"] == "5" and fields(resolved["data"])["state"] == "resolved"
    sim.set_card(2, available="-1")
    assert rsyslog.wait_for_records(1, "overdrawn")[0]["severity"] == "2"
    sim.set_card(3, suppressed=True)
    assert rsyslog.wait_for_records(1, "suppression")[0]["severity"] == "6"


@pytest.mark.parametrize("kind", ["udp", "tcp", "unix"])
def test_the_bytes_are_rfc_5424(sim, syslog_socket, make_daemon, kind):
    receiver = syslog_socket(kind)
    make_daemon(config(source(sim), syslog(receiver.target, facility="local3", app_name="cards")))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    record = receiver.wait_for_frames(1)[0]
    match = RECORD.fullmatch(record)
    assert match, record
    assert match.group(1) == b"156"  # local3 (19) * 8 + warning (4)
    assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}(Z|[+-]\d\d:\d\d)", match.group(2))
    assert match.group(4) == b"cards" and match.group(6) == b"low"
    fields(match.group(7).decode())


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_references_do_no_harm(sim, syslog_socket, make_daemon, kind):
    receiver = syslog_socket(kind)
    sim.set_customer(11001, reference='a"b]c\\d\n<12>1 forged \u0007 e\u00fc\U0001f4b3' + "z" * 10000)
    make_daemon(config(source(sim), syslog(receiver.target)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    sim.set_card(2, available="1")
    records = receiver.wait_for_frames(2)
    for record in records:
        assert RECORD.fullmatch(record), record[:200]
        record.decode("utf-8")
        fields(RECORD.fullmatch(record).group(7).decode())
        assert not re.search(rb"[\x00-\x1f\x7f]", record), record[:200]


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_every_alert_has_its_record(make_sim, rsyslog, make_daemon, kind):
    sim = make_sim("--customers", 60, "--cards", 1, "--low", 50)
    make_daemon(config(source(sim), syslog(getattr(rsyslog, kind), list=3)))
    records = rsyslog.wait_for_records(50, "low")
    assert sorted(int(fields(r["data"])["card"]) for r in records) == list(range(1, 51))


def test_a_syslog_server_that_comes_back_gets_what_it_missed(sim, rsyslog, make_daemon):
    rsyslog.close()
    make_daemon(config(source(sim), syslog(rsyslog.tcp)))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    sim.wait_for_polls(3)
    port = rsyslog.tcp_port
    rsyslog.start(udp=rsyslog.udp_port, tcp=port)
    rsyslog.wait_for_records(1, "low")


def test_local_is_dev_log(sim, make_daemon):
    """Whether anybody listens there is the machine's affair: the daemon says what it could not do, and goes on."""
    daemon = make_daemon(config(source(sim), syslog("local")))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    sim.wait_for_polls(3)
    wait_until(daemon.running, "a daemon that goes on", 1)
