# SPDX-License-Identifier: Apache-2.0
"""When polls begin: on a grid that does not drift, one at a time, and at once when asked."""

import http.server
import random
import statistics
import threading
import time

import pytest

from configs import config, key, webhook
from daemon import stays, wait_until

PAGE = b'{"id":0,"details":[],"pageSize":100,"pageNumber":1,"numberOfPages":1,"status":"1","errors":[]}'


class Api:
    """An empty list that takes `delay()` seconds; it remembers when it was asked, and how often at once."""

    def __init__(self, delay):
        self.starts, self.busy, self.most = [], 0, 0
        lock, api = threading.Lock(), self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one piece: else the second waits for an acknowledgement

            def do_GET(self):
                with lock:
                    api.starts.append(time.monotonic())
                    api.busy += 1
                    api.most = max(api.most, api.busy)
                time.sleep(delay())
                with lock:
                    api.busy -= 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def source(self, every):
        return {"name": "main", "url": f"http://127.0.0.1:{self.server.server_address[1]}", "auth": key(), "every": every,
                "timeout": "5s", "stale_after": 1000}

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def make_api(closer):
    return lambda delay: closer(Api(delay))


def test_polls_stay_on_the_grid(make_api, hook, make_daemon, seed):
    """However long each takes: a beat is measured from the first, not from the end of the last."""
    rng, beat = random.Random(seed), 0.2
    api = make_api(lambda: rng.random() * beat / 2)
    make_daemon(config(api.source("200ms"), webhook(hook)))
    wait_until(lambda: len(api.starts) > 60, "sixty polls", 60)
    # A busy machine is late by about the same each time, and leaves out beats: where within a beat a poll begins counts. Polls that
    # follow the end of the last would be spread evenly, a quarter of a beat off half of the time.
    phase = [(start - api.starts[0] + beat / 2) % beat - beat / 2 for start in api.starts]
    usual = statistics.median(phase)
    assert statistics.median(abs(p - usual) for p in phase) < beat / 8, phase
    assert abs(statistics.median(phase[-20:]) - statistics.median(phase[:20])) < beat / 8, phase
    assert api.most == 1


def test_a_long_poll_leaves_out_the_beats_it_missed(make_api, hook, make_daemon):
    beat = 0.4
    api = make_api(lambda: 0.5)
    daemon = make_daemon(config(api.source("400ms"), webhook(hook)))
    wait_until(lambda: len(api.starts) > 6, "seven polls")
    waits = [b - a for a, b in zip(api.starts, api.starts[1:])]
    assert abs(statistics.median(waits) - 2 * beat) < beat / 4, waits
    assert api.most == 1 and len(daemon.polls()) == len(daemon.polls("complete"))


def test_asking_for_polls_makes_no_two_at_once(make_api, hook, make_daemon):
    """Who asks while one is under way gets that one."""
    answers = threading.Event()
    answers.set()
    api = make_api(lambda: answers.wait(5) * 0)
    daemon = make_daemon(config(api.source("1h"), webhook(hook)))
    daemon.wait_for_event("poll-ended")
    answers.clear()
    daemon.poll_now()
    wait_until(lambda: len(api.starts) == 2, "the poll that was asked for")
    for _ in range(20):
        daemon.poll_now()
        time.sleep(0.03)
    answers.set()
    wait_until(lambda: len(daemon.polls()) == 2, "its end")
    stays(lambda: len(api.starts) == 2, "no other poll", 0.3)
    daemon.poll_now()
    wait_until(lambda: len(daemon.polls()) == 3, "a poll that is asked for afterwards")
    assert api.most == 1 and len(api.starts) == 3
