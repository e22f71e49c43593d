# SPDX-License-Identifier: Apache-2.0
"""Card numbers, keys and secrets: nowhere but where they are needed, not even in a dump of the memory."""

import re
import time

import pytest

from configs import config, login, mail, source, syslog, webhook
from daemon import wait_until
from simulator import API_KEY, PASSWORD, TOTP_SECRET

NUMBERS = ["4111111111111111", "5555555555554444", "378282246310005"]
HOOK_SECRET = "whsec_c2VjcmV0LW9mLXRoZS1ob29rLWZvci10ZXN0cw=="
# Long, so that nothing else looks like it.
LONG_PASSWORD = "correct-horse-battery-staple-7731"


def run_everything(sim, hook, smtp, rsyslog, make_daemon, auth):
    """A firing, a resolution, bad data, a page that fails, a reload and a restart: all that could let something slip."""
    for card, number in enumerate(NUMBERS, 1):
        sim.set_card(card, cardNumber=number, available="600")
    notifiers = [webhook(hook, secret=f"plain:{HOOK_SECRET}"), mail(smtp), syslog(rsyslog.tcp)]
    daemon = make_daemon(config(source(sim, auth=auth), notifiers))
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_alert("low", "firing")
    sim.set_card(1, available="120")
    hook.wait_for_alert("low", "resolved")
    sim.set_card(2, raw={"availableBalance": '"' + NUMBERS[0] + '"'})
    hook.wait_for_alert("bad-data", "firing")
    sim.fault("list", "garbage")
    sim.fault("list", "truncate", bytes=200)
    sim.fault("list", "envelope-error", code="Invalid")
    sim.wait_for_polls(5)
    daemon.hup()
    daemon.restart()
    sim.wait_for_polls(3)
    smtp.wait_for_mails(2)
    rsyslog.wait_for_records(2, "low")
    return daemon


@pytest.mark.parametrize("how", ["log in", "key"])
def test_nothing_slips_out(make_sim, hook, smtp, rsyslog, make_daemon, how):
    sim = make_sim("--customers", 3, "--cards", 1, "--password", LONG_PASSWORD)
    auth = login(password=LONG_PASSWORD) if how == "log in" else None
    from configs import key

    daemon = run_everything(sim, hook, smtp, rsyslog, make_daemon, auth or key())
    places = {
        "store": daemon.store_bytes(),
        "log": daemon.log_text(all_runs=True).encode(),
        "messages": b"".join(r.body + repr(r.headers).encode() for r in hook.requests),
        "mails": b"".join(m.content for m in smtp.mails),
        "syslog": repr(rsyslog.records()).encode(),
    }
    secrets = [*NUMBERS, TOTP_SECRET, HOOK_SECRET, HOOK_SECRET[6:], LONG_PASSWORD, API_KEY, "Bearer "]
    for place, content in places.items():
        assert content, f"nothing to look at: {place}"
        for secret in secrets:
            assert secret.encode() not in content, f"{secret} is in the {place}"
    # The simulator's tokens.
    assert not re.search(rb"sim-\d+-[0-9a-f]{16}", places["log"] + places["store"])
    assert b"debug" in places["log"]


def test_no_card_number_is_left_in_memory(sim, hook, make_daemon):
    for card, number in enumerate(NUMBERS, 1):
        sim.set_card(card, cardNumber=number)
    daemon = make_daemon(config(source(sim, every="1h"), webhook(hook)))
    sim.set_card(1, available="1")
    wait_until(lambda: daemon.poll_now() or hook.alerts("low", "firing"), "the firing")
    wait_until(lambda: daemon.poll_now() or sim.polls() >= 4, "further polls")
    # While an answer is being read its bytes are there; afterwards they must not be.
    wait_until(lambda: len(daemon.polls()) == sim.polls(), "the end of every poll")
    time.sleep(0.3)
    assert len(daemon.polls()) == sim.polls()
    core = daemon.core_bytes()
    if core is None:
        pytest.skip("no debugger may look into the process here")
    assert b"9193" in core or b"1111" in core  # it is the right memory
    for number in NUMBERS:
        assert number.encode() not in core, f"{number} is in the memory"
        assert number.encode("utf-16-le") not in core


def test_no_card_number_of_long_pages_that_come_again_is_left_in_memory(make_sim, hook, make_daemon):
    """Most of them is left out while it comes in, and what began in a piece before is taken out again."""
    sim = make_sim("--customers", 1500, "--cards", 2, "--page-cap", 700, "--still")
    daemon = make_daemon(config(source(sim, every="1h"), webhook(hook)))
    wait_until(lambda: len(daemon.polls()) >= 1, "the first poll")
    for card in (1, 1400, 2999):
        sim.set_card(card, available="1")
        polls = sim.polls()
        wait_until(lambda: daemon.poll_now() or sim.polls() > polls, "another poll")
    wait_until(lambda: len(daemon.polls()) == sim.polls(), "the end of every poll")
    time.sleep(0.3)
    core = daemon.core_bytes()
    if core is None:
        pytest.skip("no debugger may look into the process here")
    numbers = {card["cardNumber"].encode() for page in (1, 2, 3) for customer in sim.list(pageNumber=page, pageSize=700).json["details"]
               for card in customer["cards"]}
    assert len(numbers) == 3000
    assert not numbers.intersection(re.findall(rb"\d{12,}", core))


def test_no_card_number_is_printed_by_commands(sim, hook, tmp_path):
    from daemon import ctl, write_config

    sim.set_card(1, cardNumber=NUMBERS[0], available="1")
    path = tmp_path / "cardwatch.yaml"
    write_config(path, {**config(source(sim), webhook(hook, secret=f"plain:{HOOK_SECRET}")),
                        "store": {"sqlite": str(tmp_path / "cardwatch.db")}})
    for arguments in (["preview", "-c", path], ["check", "-c", path], ["notify", "hook", "--dry-run", "-c", path],
                      ["check", "--format", "json", "-c", path]):
        done = ctl(*arguments)
        for secret in (NUMBERS[0], API_KEY, TOTP_SECRET, HOOK_SECRET, PASSWORD + "-"):
            assert secret not in done.stdout + done.stderr, arguments
