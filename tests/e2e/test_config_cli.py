# SPDX-License-Identifier: Apache-2.0
"""The configuration and the commands, from outside: every mistake at its place, exit statuses, nothing sent by looking."""

import json
import os
import re
import shutil
import subprocess

import pytest

from configs import config, mail, source, syslog, webhook
from daemon import ctl, program, write_config

FIVE_MISTAKES = """\
sources:
  - name: main
    url: https://api.example.com
    auth: {username: ops@example.com, password: plain:x, totp_secret: plain:JBSWY3DPEHPK3PXP}
    evry: 60s
rules:
  - name: low
    when: available < flor
    severity: loud
  - name: low
    when: available < 100
notifiers:
  - {name: hook, type: webhook, url: "plain:http://127.0.0.1:9/"}
route:
  notify: [hok]
"""


@pytest.fixture
def file(tmp_path):
    def write(configuration):
        path = tmp_path / "cardwatch.yaml"
        if isinstance(configuration, dict):
            configuration = {"store": {"sqlite": str(tmp_path / "cardwatch.db")}, **configuration}
        write_config(path, configuration)
        return path

    return write


def places(text):
    return [(int(line), kind) for line, kind in re.findall(r"^\S*cardwatch\.yaml:(\d+):\d+: (error|warning): ", text, re.MULTILINE)]


def test_five_mistakes_in_one_run(file):
    done = ctl("check", "--offline", "-c", file(FIVE_MISTAKES))
    assert done.returncode == 78
    said = done.stdout + done.stderr
    assert [line for line, kind in places(said) if kind == "error"] == [5, 8, 9, 10, 15]
    assert 'did you mean "every"?' in said and 'did you mean "hook"?' in said
    assert "    5 |     evry: 60s" in said and "      |     ^~~~" in said
    caret = [line for line in said.splitlines() if "^" in line][1]
    assert caret.index("^") == "    8 |     when: available < flor".index("flor")


def test_the_daemon_says_the_same(make_daemon):
    daemon = make_daemon(FIVE_MISTAKES, start=False)
    daemon.start(wait_for=None)
    assert daemon.wait_exit() == 78
    assert [line for line, _ in places(daemon.log_text())] == [5, 8, 9, 10, 15]


def test_a_log_of_json_has_nothing_else(sim, hook, make_daemon):
    """Whatever is doubtful about the configuration is a line of it, too."""
    daemon = make_daemon(config(source(sim), webhook(hook), rules=[]))
    assert "there are no rules" in daemon.log_lines("config", level="warning")[0]["message"]
    for line in daemon.log_text().splitlines():
        assert json.loads(line)["event"]


def test_mistakes_as_json(file):
    done = ctl("check", "--offline", "--format", "json", "-c", file(FIVE_MISTAKES))
    assert done.returncode == 78
    diagnostics = json.loads(done.stdout)
    assert [d["line"] for d in diagnostics if not d.get("warning")] == [5, 8, 9, 10, 15]


def test_a_right_file_is_0(file, sim, hook):
    path = file(config(source(sim), webhook(hook)))
    assert ctl("check", "--offline", "-c", path).returncode == 0
    assert ctl("check", "-c", path).returncode == 0
    assert json.loads(ctl("check", "--offline", "--format", "json", "-c", path).stdout) == []
    assert hook.requests == []


def test_warnings_count_only_when_strict(file, sim, hook):
    path = file(config(source(sim), [webhook(hook), webhook(hook, "unused")], route={"notify": ["hook"]}))
    done = ctl("check", "--offline", "-c", path)
    assert done.returncode == 0 and "warning:" in done.stdout + done.stderr and "unused" in done.stdout + done.stderr
    assert ctl("check", "--offline", "--strict", "-c", path).returncode != 0


@pytest.mark.parametrize("text, said", [
    ("control: {http: \"127.0.0.1:0\"}\n", "not supported yet"),
    ("windows: [{name: nights, from: 22:00, to: 22:00}]\n", "must not end when it begins"),
    ("rules: [{name: a, levels: []}]\n", "must not be empty"),
    ("rules: [{name: a, on: changed(total), for: 2m}]\n", "an event is told when it is seen"),
    ("rules: [{name: a, when: available < f, params: {f: 1}, overrides: [{csv: no.csv}]}]\n", "cannot read the file"),
    ("store: {postgresql: \"postgresql://host/db\"}\n", "not supported yet"),
    ("route: {routes: [{mute: [nights]}]}\n", "there is no window \"nights\""),
    ("rules: [{name: a, when: available < 1}]\nrules: []\n", "rules"),
    ("rules: [{name: A_, when: available < 1}]\n", ""),
    ("rules: [{name: a, when: available < yes}]\n", ""),
    ("rules: [{name: a, when: available}]\n", ""),
    ("notifiers: [{name: a, type: webhook, url: $HOOK}]\n", "env:HOOK"),
    ("<<: {}\n", ""),
    ("log: {level: loud}\n", ""),
])
def test_every_mistake_is_refused(file, text, said):
    if "sources" not in text:
        text = "sources: [{name: main, url: 'https://api.example.com', auth: {api_key: plain:x}}]\n" + text
    done = ctl("check", "--offline", "-c", file(text))
    assert done.returncode == 78
    assert [line for line, kind in places(done.stdout + done.stderr) if kind == "error"], done.stdout + done.stderr
    assert said in done.stdout + done.stderr


def test_offline_needs_no_secret(file):
    path = file("sources: [{name: main, url: 'https://api.example.com', auth: {api_key: 'file:not_there'}}]\n")
    assert ctl("check", "--offline", "-c", path).returncode == 0
    assert ctl("check", "-c", path).returncode == 78


def test_a_file_that_is_not_there(tmp_path):
    done = ctl("check", "-c", tmp_path / "nothing.yaml")
    assert done.returncode == 78 and "nothing.yaml" in done.stderr + done.stdout


@pytest.mark.parametrize("name, arguments", [
    ("cardwatch", []), ("cardwatch", ["nonsense"]), ("cardwatch", ["check", "--nonsense"]), ("cardwatch", ["check", "-c"]),
    ("cardwatch", ["check", "--format", "xml"]), ("cardwatch", ["notify"]), ("cardwatch", ["check", "a", "b"]),
    ("cardwatch", ["config"]), ("cardwatch", ["config", "--show", "--defaults"]), ("cardwatch", ["config", "--show", "a"]),
    ("cardwatchd", ["--nonsense"]), ("cardwatchd", ["-c"]), ("cardwatchd", ["surplus"]),
    ("cardwatch-sim", ["--nonsense"]), ("cardwatch-sim", ["--port", "x"]),
])
def test_wrong_usage_is_64(name, arguments):
    done = ctl(*arguments, program_name=name)
    assert done.returncode == 64
    assert name in done.stderr and done.stdout == ""


@pytest.mark.parametrize("name, arguments", [
    ("cardwatch", ["-h"]), ("cardwatch", ["--help"]), ("cardwatch", ["check", "-h"]), ("cardwatch", ["preview", "-h"]),
    ("cardwatch", ["notify", "-h"]), ("cardwatch", ["config", "-h"]), ("cardwatchd", ["-h"]), ("cardwatchd", ["--help"]),
    ("cardwatch-sim", ["--help"]), ("cardwatchd", ["--version"]), ("cardwatch", ["--version"]),
])
def test_help_is_0(name, arguments):
    done = ctl(*arguments, program_name=name)
    assert done.returncode == 0 and name in done.stdout and done.stderr == ""
    assert "\x1b" not in done.stdout


def test_the_defaults_are_a_configuration(file):
    done = ctl("config", "--defaults")
    assert done.returncode == 0
    # Only `sources` is required; everything that is printed may stand in a file.
    checked = ctl("check", "--offline", "-c", file(done.stdout))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_comes_into_force_is_shown(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim), webhook(hook, secret="plain:open sesame")))
    done = ctl("config", "--show", "-c", daemon.config_path)
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert {"page_size: 100 # default", 'secret: "***"', "retry_for: 24h # default"} <= set(lines)
    assert "sesame" not in done.stdout + done.stderr and hook.url not in done.stdout


def test_what_is_wrong_is_not_shown(file):
    done = ctl("config", "--show", "-c", file(FIVE_MISTAKES))
    assert done.returncode == 78 and done.stdout == "" and "evry" in done.stderr


def test_the_installed_configuration_is_right():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "etc", "cardwatch.yaml")
    done = ctl("check", "--offline", "-c", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_configuration_is_right(file):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "packaging", "demo.yaml"), encoding="utf-8") as demo:
        text = demo.read().replace("@SIMULATOR@", "http://127.0.0.1:1").replace("@FOLDER@", "/nonexistent")
    done = ctl("check", "--offline", "-c", file(text))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " is right: 1 source, 3 rules, 1 notifier (nothing" in done.stdout


DEMO_LINES = {
    "what fell says what it was": ({}, "95.10 GBP, was 130.00"),
    "a first look has nothing before": ({"previous": None}, "95.10 GBP"),
    "a deactivation did not change the balance": ({"before": "95.10", "suppressed": True}, "95.10 GBP, now deactivated"),
    "nor did an activation": ({"before": "95.10", "was_suppressed": True}, "95.10 GBP, now active again"),
    "both at once are both said": ({"suppressed": True}, "95.10 GBP, was 130.00, now deactivated"),
}


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize("name", DEMO_LINES)
def test_what_the_demo_prints(name):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "..", "..", "packaging", "demo"), encoding="utf-8") as demo:
        filter_text = re.search(r"^format='\n(.*?)'$", demo.read(), re.M | re.S).group(1)
    keys, expected = DEMO_LINES[name]
    previous = {"available": keys.get("before", "130.00"), "suppressed": keys.get("was_suppressed", False)}
    alert = {"state": "event", "severity": "info", "rule": "suppression", "customer": {"id": 11006, "reference": "acme-6"},
             "card": {"id": 12, "currency": "GBP", "last4": "0286", "suppressed": keys.get("suppressed", False)},
             "balances": {"available": "95.10"}, "previous": keys.get("previous", previous)}
    message = {"baseline": False, "alerts": [alert]}
    hooks = [{"status": 200, "at": "2026-11-22T08:00:00.123Z", "body": json.dumps(message)}]
    printed = subprocess.run(["jq", "-r", filter_text], input=json.dumps(hooks), capture_output=True, text=True, timeout=60, check=True)
    assert printed.stdout.endswith(f"card 12 of acme-6       {expected}\n"), printed.stdout


def test_preview_counts_and_does_nothing(make_sim, hook, file, tmp_path):
    sim = make_sim("--customers", 400, "--cards", 1, "--low", 300, "--suppressed", 211)
    done = ctl("preview", "-c", file(config(source(sim), webhook(hook))))
    assert done.returncode == 0, done.stderr
    assert re.search(r"\blow\b", done.stdout) and re.search(r"\b89\b", done.stdout) and re.search(r"\b211\b", done.stdout)
    assert re.search(r"deactivated|suppressed", done.stdout) and "USD" in done.stdout
    assert hook.requests == [] and not (tmp_path / "cardwatch.db").exists()
    assert sim.polls() == 1


def test_preview_beside_a_running_daemon(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim, every="1h"), webhook(hook)))
    sim.wait_for(lambda: sim.polls() == 1)
    assert ctl("preview", "-c", daemon.config_path).returncode == 0
    assert hook.requests == [] and daemon.running()


def test_preview_of_a_source_that_is_down_is_1(sim, hook, file):
    sim.fault("list", "reset", count=-1)
    assert ctl("preview", "-c", file(config(source(sim), webhook(hook)))).returncode == 1


def test_notify_sends_a_test(sim, hook, smtp, rsyslog, file):
    path = file(config(source(sim), [webhook(hook), mail(smtp), syslog(rsyslog.udp)]))
    for name in ("hook", "mail", "log"):
        done = ctl("notify", name, "-c", path)
        assert done.returncode == 0, done.stderr
    message = hook.messages[0]
    assert (message["kind"], message["status"]) == ("test", "test")
    assert "TEST" in smtp.wait_for_mails(1)[0].subject
    assert "TEST" in rsyslog.wait_for_records(1)[0]["msg"]
    assert ctl("notify", "nobody", "-c", path).returncode == 64 or ctl("notify", "nobody", "-c", path).returncode == 1


def test_notify_dry_run_prints_the_bytes(sim, hook, smtp, file):
    path = file(config(source(sim), [webhook(hook), mail(smtp)]))
    done = ctl("notify", "hook", "--dry-run", "-c", path)
    assert done.returncode == 0 and '"kind"' in done.stdout and "webhook-id" in done.stdout.lower()
    assert hook.requests == []
    done = ctl("notify", "mail", "--dry-run", "-c", path)
    assert done.returncode == 0 and "TEST" in done.stdout and smtp.mails == []


def test_notify_that_fails_is_1(sim, hook, file):
    from receivers import Answer

    hook.default = Answer(403, body=b"who are you?")
    done = ctl("notify", "hook", "-c", file(config(source(sim), webhook(hook))))
    assert done.returncode == 1 and "403" in done.stderr + done.stdout
    assert len(hook.requests) == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_what_could_not_be_printed_is_1(sim, hook, file):
    """A file of half of what was asked for is no success, long or short."""
    path = file(config(source(sim), webhook(hook)))
    for args in (["config", "--defaults"], ["config", "--show", "-c", path], ["check", "--format", "json", "-c", path],
                 ["notify", "hook", "--dry-run", "-c", path], ["-h"], ["check", "-h"], ["--version"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([program("cardwatch"), *map(str, args)], stdout=full, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 1, args


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_started_without_standard_streams(sim, hook, file, closed):
    """They would be given to whatever is opened first."""
    path = file(config(source(sim), webhook(hook)))
    said = 1 if ">&-" in closed.split() else 0
    for name, args, status in (("cardwatchd", ["--once"], 0), ("cardwatch", ["preview"], said), ("cardwatch", ["notify", "hook"], said)):
        done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", program(name), *args, "-c", path],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False)
        assert done.returncode == status, (name, args, done.stderr)


@pytest.mark.parametrize("command", ["card", "cards", "history", "tail", "completion"])
def test_a_command_of_a_later_day_says_so(command):
    done = ctl(command)
    assert done.returncode == 64 and "not supported yet" in done.stderr
