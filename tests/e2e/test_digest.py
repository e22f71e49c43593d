# SPDX-License-Identifier: Apache-2.0
"""What is told at fixed times, words of one's own, and the heartbeat."""

import http.server
import threading
import time

import chats
from configs import config, mail, source, webhook
from daemon import wait_until
from test_api_at_scale import Clock

DAY_MS = 86_400_000
EIGHT_MS = 8 * 3_600_000


def set_to(clock, at_ms, daemon=None):
    """This time of the day, of UTC, comes next."""
    clock.set((at_ms - int(time.time() * 1000) - clock.by_ms) % DAY_MS, daemon)


def test_every_morning(sim, hook, smtp, closer, make_daemon, tmp_path):
    clock, slack = Clock(tmp_path, sim), closer(chats.Slack())
    set_to(clock, EIGHT_MS - 120_000)
    words = {"title": "{{severity}}: {{title}}", "body": "{{#alerts}}{{> line}} {{/alerts}}{{#digest}}of {{cards}}{{/digest}}"}
    daemon = make_daemon(config(source(sim), [webhook(hook), mail(smtp), slack.notifier(**words)], timezone="UTC",
                                templates={"line": "#{{card.id}}={{balances.available}}"},
                                digests=[{"name": "daily", "at": "08:00", "notify": ["hook", "mail", "slack"]}]), env=clock.env)
    sim.wait_for_polls(2)
    sim.set_card(1, available="99.99")
    hook.wait_for_alert("low", "firing")
    assert slack.wait_for_text("warning: low: card 1 of acme-1", "#1=99.99")
    sim.set_card(2, available="50")
    hook.wait_for_alert("low", "firing", count=2)
    sim.set_card(2, available="500")
    hook.wait_for_alert("low", "resolved")

    set_to(clock, EIGHT_MS - 500, daemon)
    told = wait_until(lambda: [m for m in hook.messages if m["kind"] == "digest"], "a digest")
    assert len(told) == 1 and told[0]["status"] == "digest" and told[0]["group"] == {"digest": "daily"}
    assert told[0]["counts"] == {"firing": 1, "resolved": 1, "events": 0, "listed": 2}
    assert [(a["card"]["id"], a["state"]) for a in told[0]["alerts"]] == [(1, "firing"), (2, "resolved")]
    assert told[0]["digest"]["name"] == "daily" and not told[0]["digest"]["late"]
    assert (told[0]["digest"]["fired"], told[0]["digest"]["ended"], told[0]["digest"]["cards"]) == (2, 1, 3)
    one = wait_until(lambda: [m for m in smtp.mails if m.subject == "[DIGEST] daily: 1 firing"], "the mail")[0]
    for part in (one.text, one.html):
        assert "1 alert fires now." in part and "2 began to fire, 1 ended" in part and "3 cards are watched" in part and "99.99" in part
    assert slack.wait_for_text("warning: daily: 1 firing", "#1=99.99 #2=500.00 of 3")

    daemon.kill9()
    daemon.start()
    sim.wait_for_polls(2)
    assert len([m for m in hook.messages if m["kind"] == "digest"]) == 1


class Pinged:
    """A service that waits for heartbeats."""

    def __init__(self):
        self.status, self.paths = 200, []
        pinged = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                pinged.paths.append(self.path)
                self.send_response(pinged.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/ping/secret-uuid"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_heartbeat_after_each_complete_poll(sim, hook, closer, make_daemon):
    pinged = closer(Pinged())
    daemon = make_daemon(config(source(sim, heartbeat=f"plain:{pinged.url}"), webhook(hook)))
    wait_until(lambda: len(pinged.paths) >= 3, "heartbeats")
    assert set(pinged.paths) == {"/ping/secret-uuid"}
    pinged.status = 500
    daemon.wait_for_event("heartbeat-failing")
    n = len(pinged.paths)
    wait_until(lambda: len(pinged.paths) >= n + 3, "heartbeats go on")
    pinged.status = 200
    daemon.wait_for_event("heartbeat-recovered")
    assert len(daemon.log_lines("heartbeat-failing")) == 1 and "secret-uuid" not in daemon.log_text()
    sim.fault("list", "status", status=500, count=1000)
    sim.wait_for_polls(2)
    n = len(pinged.paths)
    sim.wait_for_polls(3)
    assert len(pinged.paths) == n
