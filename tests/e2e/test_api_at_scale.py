# SPDX-License-Identifier: Apache-2.0
"""The card API at its largest and slowest: polls longer than their beat, bodies that never end, polls by the thousand.

What is short here is meant to be made long by hand: CARDWATCH_SOAK_POLLS=1000 plays so many random polls, and
CARDWATCH_SEED repeats them.
"""

import gzip
import http.server
import json
import os
import random
import re
import signal
import struct
import threading
import time
import zlib

import pytest

import receivers
from configs import LOW, config, key, login, source, webhook
from daemon import ctl, sanitized, wait_until

FIRST = 11001  # the simulator's first customer; cards are numbered from 1, customer by customer
MB = 1000  # kB


def resident_kb(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))


# Polls that take long


@pytest.fixture
def slow(make_sim):
    """200 pages of 50 ms: with four at once two and a half seconds."""
    sim = make_sim("--customers", 2000, "--cards", 1, "--page-cap", 10)
    sim.fault("list", "delay", delay_ms=50, count=-1)
    return sim


BROKE = {"name": "broke", "when": "available < 0"}


def test_a_poll_longer_than_its_beat_is_neither_stale_nor_overlaps(slow, hook, make_daemon):
    daemon = make_daemon(config(source(slow, every="1s", stale_after=1), webhook(hook), [BROKE]))
    daemon.wait_for_polls(3)
    slow.clear_faults()  # so that the daemon ends at once
    polls = daemon.polls()[:3]
    assert [(poll["result"], int(poll["pages_good"])) for poll in polls] == [("complete", 200)] * 3
    assert all(2500 <= int(poll["took_ms"]) < 5000 for poll in polls), polls
    assert slow.state()["max_concurrent"] <= 4
    assert hook.requests == []


def test_preview_says_how_long_a_poll_takes_and_what_to_set(slow, hook, make_daemon):
    daemon = make_daemon(config(source(slow, every="1s"), webhook(hook), [BROKE]), start=False)
    done = ctl("preview", "-c", daemon.config_path)
    assert done.returncode == 0, done.stderr
    said = re.search(r"2000 customers, 2000 cards on 200 pages; 200 requests, a poll takes (\d+\.\d+) s\n"
                     r" +`every: 1s` is too short for that: set `every: (\d+)s` or more\.", done.stdout)
    assert said, done.stdout
    took_s, every_s = float(said.group(1)), int(said.group(2))
    assert 2.5 <= took_s and 2 * took_s <= every_s <= 2 * took_s + 1


def test_a_poll_longer_than_ten_seconds_is_decided_meanwhile(make_sim, hook, make_daemon):
    sim = make_sim("--customers", 250, "--cards", 1, "--page-cap", 10)
    sim.set_card(1, available="50", pending="0")
    sim.fault("list", "delay", delay_ms=1000, count=-1)
    began = time.monotonic()
    daemon = make_daemon(config(source(sim, concurrency=1), webhook(hook)))
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 1
    assert time.monotonic() - began > 9 and daemon.polls() == []
    sim.clear_faults()


# Bodies without end


def grows_by_kb(daemon, act):
    """How much larger the process ever was than it is now, while `act()` is done."""
    before = resident_kb(daemon)
    with open(f"/proc/{daemon.process.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the highest there was begins anew
    act()
    return daemon.memory_kb() - before


def bounded(daemon, act):
    """Less than max_response, even while a body of 8 MB is moved to where 16 have room. A sanitizer keeps what was freed: its sizes
    say nothing."""
    grown = grows_by_kb(daemon, act)
    assert sanitized() or grown < 30 * MB, f"{grown} kB more"
    print(f"grew by {grown} kB")


@pytest.fixture
def few(make_sim):
    sim = make_sim("--customers", 30, "--cards", 1, "--page-cap", 10)
    for card in range(1, 31):
        sim.set_card(card, available="600", pending="0")
    return sim


@pytest.mark.parametrize("kind", ["gzip-bomb", "huge"])
@pytest.mark.parametrize("where", ["list", "customer", "login"])
def test_ten_gigabytes_are_cut(few, hook, make_daemon, where, kind):
    """Failure 16: 10 GB as 10 MB of gzip, under the limit that is the default; or as they are, under a lower one."""
    limit = {"max_response": "4MiB"} if kind == "huge" else {}
    daemon = make_daemon(config(source(few, auth=login(), retries=2, **limit), webhook(hook),
                                builtin={"source-down": {"enabled": False}}))
    daemon.wait_for_polls(2)

    def act():
        few.fault(where, kind, count=3)
        if where == "customer":
            few.remove_customer(FIRST + 4)
        if where == "login":
            few.expire_tokens()
        wait_until(lambda: few.faults() == [], "three bodies without end")
        daemon.wait_for_polls(3, "complete")

    bounded(daemon, act)
    few.set_card(7, available="50")
    assert hook.wait_for_alert("low", "firing")["card"]["id"] == 7
    assert {alert["rule"] for alert in hook.alerts()} == {"low"}


class Encoded:
    """A card API of 30 customers whose next list answers come in whatever encoding they are said to be in."""

    def __init__(self):
        self.answers, self.polls = [], 0
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.polls += 1
                encoding, body = api.answers.pop(0) if api.answers else (None, json.dumps(api.page()).encode())
                self.send_response(200)
                if encoding:
                    self.send_header("Content-Encoding", encoding)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # who had enough went away

        self.available = 600
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def page(self):
        card = {"currency": "usd", "totalBalance": self.available, "availableBalance": self.available, "pendingBalance": 0,
                "bSuppressed": False}
        return {"id": 0, "details": [{"customersId": n, "customersReference": None, "cards": [{"id": n, **card}]}
                                     for n in range(1, 31)],
                "pageSize": 100, "pageNumber": 1, "numberOfPages": 1, "status": "1", "errors": []}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def flood(megabytes):
    """So many MB of spaces as gzip, quickly: after a full flush the same bytes say the same."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = pack.compress(b" " * 1_000_000) + pack.flush(zlib.Z_FULL_FLUSH)
    again = pack.compress(b" " * 1_000_000) + pack.flush(zlib.Z_FULL_FLUSH)
    return first + again * (megabytes - 1)


def test_encodings_that_are_nested_or_lie_are_harmless(hook, make_daemon, closer):
    api = closer(Encoded())
    page, low = json.dumps(api.page()).encode(), json.dumps({**api.page(), "status": "0"}).encode()
    daemon = make_daemon(config(source(api), webhook(hook, list="all"), builtin={"source-down": {"enabled": False}}))
    daemon.wait_for_polls(2, "complete")
    bomb = flood(10_000)
    odd = [("gzip", bomb), ("gzip, gzip", gzip.compress(bomb)), ("deflate, gzip", gzip.compress(zlib.compress(bomb))),
           ("gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip", gzip.compress(bomb)),
           ("gzip", page), ("deflate", page), ("gzip", gzip.compress(page)[:-20]), ("gzip", gzip.compress(page)[:10]),
           ("gzip", gzip.compress(low)), ("br", page), ("zstd", page), ("x-unheard-of", page), ("gzip", b"")]

    def act():
        api.answers += odd
        wait_until(lambda: api.answers == [], "every odd answer")
        daemon.wait_for_polls(3, "complete")

    bounded(daemon, act)
    assert len(daemon.polls("failed")) == len(odd), daemon.polls("failed")
    assert hook.requests == []
    for encoding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress),
                           ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body)))):
        api.available = 50 if api.available == 600 else 600
        told = len(hook.alerts())
        api.answers += [(encoding, pack(json.dumps(api.page()).encode()))]
        wait_until(lambda: len(hook.alerts()) >= told + 30, f"what {encoding} says")


# A thousand bad polls

MOVED = {"name": "moved", "on": "changed(available)"}
NEW = {"name": "new", "on": "appeared"}
LOST = {"name": "lost", "on": "disappeared"}

CODES = [400, 402, 403, 404, 405, 408, 409, 410, 413, 418, 422, 451, 500, 501, 502, 503, 504, 507, 599]
TRANSPORT = [("reset", {}), ("reset", {"bytes": 200}), ("truncate", {}), ("truncate", {"bytes": 1}), ("garbage", {}),
             ("garbage", {"bytes": 100_000}), ("drip", {"bytes": 16}), ("gzip-bomb", {}), ("huge", {}),
             ("body", {"body": "{}"}), ("body", {"body": "null"}), ("body", {"body": ""}), ("content-type", {}),
             ("delay", {"delay_ms": 40}), ("delay", {"delay_ms": 600}), ("envelope-error", {})]
SHAPES = [("short-page", {"customers": 4}), ("repeat-page", {}), ("empty", {}), ("no-pages-count", {})]


class Tail:
    """A log that is read on, not again: what is said is counted by the thousand."""

    def __init__(self, daemon):
        self.file = open(daemon.log_path, encoding="utf-8")
        self.rest, self.polls, self.judged = "", 0, None
        self.read_on()

    def read_on(self):
        lines = (self.rest + self.file.read()).split("\n")
        self.rest = lines.pop()
        for line in map(json.loads, lines):
            self.polls += line["event"] == "poll-ended"
            if line["event"] == "poll-judged":
                self.judged = line["result"]
        return self.polls

    def close(self):
        self.file.close()


class BadDay:
    """Polls one by one, each with faults drawn at random; what the daemon believes is known by what it tells."""

    def __init__(self, sim, daemon, hook, rng, by_login):
        self.sim, self.daemon, self.hook, self.rng, self.by_login = sim, daemon, hook, rng, by_login
        self.tail = Tail(daemon)
        self.values = {card: ["600.00"] for card in range(1, 41)}  # all that each was, the last what it is
        self.told = {card: 0 for card in range(1, 41)}  # which of them was told last
        self.read, self.ids, self.changes = 0, set(), 0
        self.complete = 0

    def spoil(self):
        """Up to three faults that last for one answer, or for the whole poll."""
        for _ in range(self.rng.choice([0, 1, 1, 2, 3])):
            endpoint = self.rng.choice(["list"] * 6 + ["customer", "login"])
            # To a login that is used again a 401 of everything is its end for ten minutes; a key is asked again.
            status = self.rng.choice(CODES + ([] if self.by_login else [401]))
            kind, more = self.rng.choice(TRANSPORT + [("status", {"status": status})] * 6)
            if endpoint == "list":
                if self.rng.random() < 0.2:
                    kind, more = self.rng.choice(SHAPES)
                more = {**more, **({"page": self.rng.randint(1, 4)} if self.rng.random() < 0.8 else {})}
            elif endpoint == "login":
                if not self.by_login or kind in ("body", "envelope-error", "status"):  # to the login these are refusals
                    kind, more = "status", {"status": self.rng.choice([500, 502, 503])}
            self.sim.fault(endpoint, kind, count=self.rng.choice([1, 2, -1]), **more)

    def move(self):
        for card in self.rng.sample(sorted(self.values), self.rng.randint(0, 5)):
            value = f"{self.rng.randint(1, 99999) / 100:.2f}"
            if value != self.values[card][-1]:
                self.values[card].append(value)
                self.sim.set_card(card, available=value)

    def listen(self):
        """Every change that was told was one, in order; whatever came in a spoiled answer was no balance."""
        requests = self.hook.requests[self.read:]
        self.read += len(requests)
        for request in requests:
            if request.delivered and request.id not in self.ids:
                self.ids.add(request.id)
                self.take(request.json["alerts"])
        return {card for card in self.values if self.told[card] + 1 < len(self.values[card])}

    def take(self, alerts):
        for alert in alerts:
            if alert["rule"] == "suspect-snapshot" or (alert["rule"] == "auth-failed" and not self.by_login):
                continue  # a list without anybody, say; 401 and 403 whoever asks
            assert alert["rule"] == "moved", alert
            card, value = alert["card"]["id"], alert["balances"]["available"]
            later = self.values[card][self.told[card] + 1:]
            assert value in later, f"card {card} is told to have {value} after {self.values[card][:self.told[card] + 1]}"
            self.told[card] += 1 + later.index(value)
            self.changes += 1

    def poll(self):
        ended = self.tail.polls
        self.daemon.poll_now()
        wait_until(lambda: self.tail.read_on() > ended, "the end of the poll")
        if self.by_login and self.rng.random() < 0.05:
            self.sim.expire_tokens()
        wait_until(self.is_true, lambda: f"news of the cards {sorted(self.listen())}")
        self.complete += self.tail.judged == "complete"

    def is_true(self):
        """The end of a poll is told before its judgement."""
        missed = self.listen()
        self.tail.read_on()
        return not missed or self.tail.judged != "complete"


@pytest.mark.parametrize("auth", ["login", "key"])
def test_after_every_complete_poll_the_truth_is_known(make_sim, hook, make_daemon, seed, auth):
    polls = int(os.environ.get("CARDWATCH_SOAK_POLLS", 30))
    sim = make_sim("--customers", 40, "--cards", 1)
    for card in range(1, 41):
        sim.set_card(card, available="600", pending="0")
    by_login = auth == "login"
    daemon = make_daemon(config(
        source(sim, auth=login() if by_login else key(), page_size=10, every="1h", timeout="250ms", retries=1,
               max_response="1MiB"),
        webhook(hook, list="all"), [MOVED, NEW, LOST], builtin={"source-down": {"enabled": False}}))
    wait_until(lambda: daemon.polls("complete"), "the first poll")
    day = BadDay(sim, daemon, hook, random.Random(seed), by_login)
    sizes = []
    for number in range(polls):
        day.move()
        day.spoil()
        day.poll()
        sim.clear_faults()
        if number % 10 == 9:
            sizes.append(resident_kb(daemon))
    day.move()
    day.poll()
    day.poll()
    day.tail.close()
    assert day.listen() == set() and day.tail.judged == "complete"
    print(f"{polls} polls, {day.complete} complete, {day.changes} changes told, resident {sizes[0]} to {max(sizes)} kB")
    assert day.complete > polls / 5
    assert sanitized() or max(sizes) - sizes[0] < 20 * MB, sizes


# A wall clock that is set

DAY_MS, HOUR_MS = 86_400_000, 3_600_000


class Clock:
    """What daemons and the simulator take for the time of day."""

    def __init__(self, folder, sim):
        self.path, self.sim, self.by_ms = os.path.join(folder, "clock"), sim, 0
        self.write()
        library = os.path.join(os.path.dirname(os.environ["CARDWATCH_BIN"]), "lib", "shifted_clock.so")
        assert os.path.exists(library), f"{library}: build it"
        asan = os.environ.get("ASAN_OPTIONS", "")
        self.env = {"LD_PRELOAD": library, "SHIFTED_CLOCK": self.path,
                    "ASAN_OPTIONS": f"{asan}{':' if asan else ''}verify_asan_link_order=0"}

    def write(self):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as file:
            file.write(struct.pack("=q", self.by_ms))

    def set(self, by_ms, daemon=None):
        """Forward, or back if negative. A running daemon sleeps meanwhile, so that nothing falls between its clock and the API's."""
        if daemon:
            daemon.signal(signal.SIGSTOP)
        self.by_ms += by_ms
        self.write()
        self.sim.set_clock(self.by_ms)
        if daemon:
            daemon.signal(signal.SIGCONT)


@pytest.fixture
def clock(tmp_path, few):
    return Clock(tmp_path, few)


def alerts_since(hook, told):
    return [(alert["rule"], alert["state"], alert["card"] and alert["card"]["id"]) for alert in hook.alerts()[told:]]


def test_polls_go_on_and_nothing_storms_however_the_clock_is_set(few, hook, make_daemon, clock):
    """Failure 5, while running."""
    route = {"notify": ["hook"], "group_wait": "0s", "group_interval": "1s", "repeat_every": "1h"}
    daemon = make_daemon(config(source(few, stale_after=20), webhook(hook), route=route), env=clock.env)
    daemon.wait_for_polls(2)
    few.set_card(1, available="50")
    hook.wait_for_alert("low", "firing")
    for card, by_ms in enumerate([DAY_MS, -DAY_MS, -HOUR_MS, 7 * DAY_MS], 2):
        polls, told = few.polls(), len(hook.alerts())
        clock.set(by_ms, daemon)
        wait_until(lambda: few.polls() >= polls + 2, f"polls after {by_ms} ms", 1)
        few.set_card(card, available="40")
        wait_until(lambda: len(hook.alerts()) > told, f"news after {by_ms} ms", 3)
        few.set_card(card, available="500")
        wait_until(lambda: len(hook.alerts()) > told + 1, f"an end after {by_ms} ms", 3)
        assert alerts_since(hook, told) == [("low", "firing", card), ("low", "resolved", card)]
    daemon.wait_for_polls(5)
    assert len(daemon.polls()) == len(daemon.polls("complete")) and len(daemon.log_lines("clock-set")) == 4
    assert len(hook.alerts()) == 9


@pytest.mark.parametrize("restarted", [False, True], ids=["while running", "across a restart"])
def test_a_retry_does_not_wait_for_the_hour_that_came_twice(few, make_hook, make_daemon, clock, restarted):
    hook = make_hook()
    daemon = make_daemon(config(source(few), webhook(hook)), env=clock.env)
    daemon.wait_for_polls(2)
    hook.answer(receivers.Answer(status=500))
    few.set_card(1, available="50")
    daemon.wait_for_event("message-failed")
    if restarted:
        assert daemon.terminate() == 0
        clock.set(-HOUR_MS)
        daemon.start()
    else:
        clock.set(-HOUR_MS, daemon)
    assert hook.wait_for_alert("low", "firing", timeout_s=4)["card"]["id"] == 1
    daemon.wait_for_polls(2, "complete")
    few.set_card(2, available="40")
    wait_until(lambda: alerts_since(hook, 0) == [("low", "firing", 1), ("low", "firing", 2)], "news of the second card")
    hook.stays_at(2, 0.5)
