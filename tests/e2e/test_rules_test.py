# SPDX-License-Identifier: Apache-2.0
"""`cardwatch test`: tests of rules with a virtual clock; what passes, what fails and how that is told, what is refused."""

import json
import random
import re
import time
import xml.etree.ElementTree

import pytest

from daemon import ctl, write_config

CONFIG = {
    "sources": [{"name": "main", "url": "https://api.example.com", "auth": {"api_key": "env:NOT_THERE"}, "every": "60s"}],
    "rules": [{"name": "low-balance", "when": "available < 100", "clear": "available >= 120", "for": "2m"}],
    "notifiers": [{"name": "chat", "type": "webhook", "url": "env:NOT_THERE_EITHER"}],
}

# Word for word the example of the documentation.
EXAMPLE = """\
config: cardwatch.yaml
tests:
  - name: low balance fires after two minutes and clears above the band
    cards:
      - {customer: 11057, card: 1, currency: usd, available: 500}
    timeline:
      - {at: 1m, card: 1, available: 99}
      - {at: 4m, card: 1, available: 110}      # inside the band: still firing
      - {at: 6m, card: 1, available: 130}
    expect:
      - {at: 2m, alerts: []}
      - {at: 3m, alerts: [{rule: low-balance, card: 1, severity: warning, state: firing}]}
      - {at: 5m, alerts: [{rule: low-balance, card: 1, state: firing}]}
      - {at: 7m, alerts: []}
      - {at: 7m, messages: [{notifier: chat, status: firing}, {notifier: chat, status: resolved}]}   # all so far, in order
"""

CARD = "{customer: 11057, card: 1, currency: usd, available: 500}"
OTHER = "{customer: 11060, card: 2, currency: eur, available: 500}"


@pytest.fixture
def run(tmp_path):
    """Writes configuration and tests, runs them; `tests` is the text of a file, or of a test's body."""

    def play(tests, *args, config=None, files=("rules_test.yaml",), given=None, **changes):
        write_config(tmp_path / "cardwatch.yaml", {**CONFIG, **(config or {}), **changes})
        texts = [tests] if isinstance(tests, str) else tests
        for name, text in zip(files, texts):
            (tmp_path / name).write_text(text if "tests:" in text else f"config: cardwatch.yaml\ntests:\n{text}")
        return ctl("test", *args, *(given or [tmp_path / name for name in files]))

    return play


def case(name="it", cards=CARD, timeline="", expect="", more=""):
    return f"  - name: {name}\n    cards: [{cards}]\n    timeline: [{timeline}]\n    expect: [{expect}]\n{more}"


def passes(done, n=1):
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"{n} passed, 0 failed"


def fails(done, *words, n_passed=0):
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"{n_passed} passed, 1 failed"
    for word in words:
        assert word in done.stdout, f"{word!r} is not in\n{done.stdout}"


def test_the_example_of_the_documentation(run):
    passes(run(EXAMPLE))


@pytest.mark.parametrize("name, at, alerts, words", [
    ("fires too early", "2m", "[{rule: low-balance}]", ["    - {rule: low-balance}\n      (nothing fires)"]),
    ("fires and is not expected", "3m", "[]", ["    + {rule: low-balance, card: 1, customer: 11057, source: main"]),
    ("another severity", "3m", "[{rule: low-balance, severity: critical}]", ["severity: expected critical, is warning"]),
    ("another value", "3m", "[{rule: low-balance, value: 98}]", ["value: expected 98, is 99.00"]),
    ("another card", "3m", "[{rule: low-balance, card: 2}]", ["card: expected 2, is 1"]),
    ("another customer", "3m", "[{rule: low-balance, customer: 11060}]", ["customer: expected 11060, is 11057"]),
    ("another source", "3m", "[{rule: low-balance, source: other}]", ["source: expected other, is main"]),
    ("a baseline it is not", "3m", "[{rule: low-balance, baseline: true}]", ["baseline: expected true, is false"]),
    ("one more", "3m", "[{rule: low-balance, card: 1}, {rule: low-balance, card: 2}]",
     ["      {rule: low-balance, card: 1}\n    - {rule: low-balance, card: 2}"]),
    ("no such rule", "3m", "[{rule: low-balanse}]", ['the configuration has no rule "low-balanse"']),
])
def test_alerts_that_are_not_as_expected(run, name, at, alerts, words):
    done = run(case(name, f"{CARD}, {OTHER}", "{at: 1m, card: 1, available: 99}", f"{{at: {at}, alerts: {alerts}}}"))
    fails(done, f"FAIL  {name}", "rules_test.yaml:6:14: at " + at, "waiting", "set       card 1 of customer 11057, available 99.00",
          "poll      of main, complete: 1 card", *words)


def test_why_an_alert_does_not_fire_is_explained(run):
    done = run(case(timeline="{at: 1m, card: 1, available: 140}", expect="{at: 2m, alerts: [{rule: low-balance, card: 1}]}"))
    fails(done, "  why:\n")
    why = done.stdout[done.stdout.index("  why:"):]
    assert "available < 100" in why and "140" in why, why


@pytest.mark.parametrize("name, messages, words", [
    ("none", "[]", ["    + {notifier: chat, kind: alert, status: firing"]),
    ("another order", "[{status: resolved}, {status: firing}]", ["    - {status: "]),
    ("the resolution is not expected", "[{status: firing}]", ["    + {notifier: chat, kind: alert, status: resolved"]),
    ("one too many", "[{status: firing}, {status: resolved}, {status: firing}]", ["    - {status: firing}\n"]),
    ("another receiver", "[{notifier: mail}, {status: resolved}]",
     ["notifier: expected mail, is chat", 'the configuration has no notifier "mail"']),
    ("another rule", "[{rule: x}, {status: resolved}]", ["rule: expected x, is low-balance"]),
])
def test_messages_that_are_not_as_expected(run, name, messages, words):
    done = run(case(name, CARD, "{at: 1m, card: 1, available: 99}, {at: 6m, card: 1, available: 130}",
                    f"{{at: 7m, messages: {messages}}}"))
    fails(done, f"FAIL  {name}", "at 7m the messages so far are not as expected", *words)


def test_messages_say_all_that_the_webhook_says(run):
    passes(run(case(cards="{customer: 11057, card: 1, currency: usd, available: 500, pending: 5, reference: acme-1, last4: 0042}",
                    timeline="{at: 1m, card: 1, available: 99.5}",
                    expect="{at: 3m, messages: [{notifier: chat, kind: alert, status: firing, baseline: false, repeat: 0,"
                           " severity: warning, sent_at: 3m, counts: {firing: 1, resolved: 0}, group: {rule: low-balance},"
                           " rule: low-balance, card: 1, customer: 11057, currency: USD, available: 99.50, pending: 5.0, value: 99.5,"
                           " reference: acme-1, last4: \"0042\", started_at: 3m, resolved_at: null, flapping: false,"
                           " balances: {available: 99.5}, previous: null, title: \"low-balance*\", source: main,"
                           " alerts: [{card: {id: 1, currency: USD}, state: firing, value: {fired: 99.5}}]}]}")
               .replace("previous: null", "previous: {available: 99.5}").replace("started_at: 3m, ", "")))


def test_the_baseline_and_what_it_makes_fire(run):
    done = run(case(cards="{customer: 1, card: 1, currency: usd, available: 5}, {customer: 2, card: 2, currency: usd, available: 6}",
                    expect="{at: 0s, alerts: []}, {at: 2m, alerts: [{card: 2, baseline: true}, {card: 1, baseline: true}]},"
                           " {at: 2m, messages: [{baseline: true, status: firing, counts: {firing: 2}}]}"))
    passes(done)


def test_every_other_field_is_set_and_stays(run):
    rules = [{"name": "p", "when": "pending > 10"}, {"name": "t", "when": "total < 300"},
             {"name": "s", "when": "suppressed and reference == \"acme\""}, {"name": "c", "when": "currency == \"EUR\""}]
    passes(run(case(timeline="{at: 1m, card: 1, pending: 11}, {at: 2m, card: 1, total: 299, available: 400},"
                             " {at: 3m, card: 1, suppressed: true, reference: acme}, {at: 4m, card: 1, available: 350, suppressed: false},"
                             " {at: 5m, card: 1, currency: eur, total: 1000, pending: 0}",
                    expect="{at: 0s, alerts: []}, {at: 1m, alerts: [{rule: p}]}, {at: 2m, alerts: [{rule: p}, {rule: t}]},"
                           " {at: 3m, alerts: [{rule: s, suppressed: true}]}, {at: 4m, alerts: [{rule: p}, {rule: t, available: 350}]},"
                           " {at: 5m, alerts: [{rule: c, currency: EUR}, {rule: bad-data, reason: is another card*}]}"), rules=rules))


def test_total_is_what_is_available_until_it_is_said(run):
    rules = [{"name": "t", "when": "total < 300"}]
    passes(run(case(timeline="{at: 1m, card: 1, available: 200}, {at: 2m, card: 1, total: 300}, {at: 3m, card: 1, available: 100}",
                    expect="{at: 1m, alerts: [{rule: t}]}, {at: 3m, alerts: []}"), rules=rules))


def test_a_card_appears_and_another_goes(run):
    rules = [{"name": "low", "when": "available < 100"}, {"name": "new", "on": "appeared"}, {"name": "gone", "on": "disappeared"}]
    passes(run(case(timeline="{at: 1m, customer: 3, card: 7, currency: usd, available: 5}, {at: 3m, card: 7, gone: true}",
                    expect="{at: 1m, alerts: [{rule: low, card: 7, baseline: false}]}, {at: 3m, alerts: [{rule: low}]},"
                           " {at: 4m, alerts: []}, {at: 4m, messages: [{rule: low, status: firing}, {rule: new, kind: event},"
                           " {rule: low, status: resolved, reason: card disappeared}, {rule: gone, status: event}]}"),
               rules=rules, route={"group_by": ["rule"]}))


def test_between_beats_only_the_card_itself_is_observed(run):
    rules = [{"name": "low", "when": "available < 100"}]
    passes(run(case(cards=f"{CARD}, {OTHER}", timeline="{at: 90s, card: 1, available: 99}",
                    expect="{at: 89s, alerts: []}, {at: 90s, alerts: [{card: 1, fired_at: 90s}]}"), rules=rules))


def test_polls_that_fail_observe_nothing_and_tell_of_it(run):
    rules = [{"name": "low", "when": "available < 100"}]
    failed = ", ".join(f"{{at: {n}m, poll: failed, source: main}}" for n in range(1, 4))
    passes(run(case(timeline=f"{{at: 1m, card: 1, available: 99}}, {failed}",
                    expect="{at: 2m, alerts: []}, {at: 3m, alerts: [{rule: source-down, severity: critical}, {rule: stale}]},"
                           " {at: 4m, alerts: [{rule: low}]}"), rules=rules))


def test_a_partial_poll_observes_what_is_named(run):
    rules = [{"name": "low", "when": "available < 100"}]
    passes(run(case(cards=f"{CARD}, {OTHER}",
                    timeline="{at: 1m, card: 1, available: 99, poll: partial}, {at: 2m, card: 2, available: 99}",
                    expect="{at: 1m, alerts: [{card: 1}]}, {at: 2m, alerts: [{card: 1}, {card: 2}]}"), rules=rules))


def test_sources_have_their_own_beats(run):
    sources = [CONFIG["sources"][0], {**CONFIG["sources"][0], "name": "slow", "every": "5m"}]
    rules = [{"name": "low", "when": "available < 100"}]
    passes(run(case(cards=f"{CARD}, {{source: slow, customer: 9, card: 1, currency: usd, available: 50}}",
                    timeline="{at: 1m, card: 1, available: 99}, {at: 5m, source: slow, card: 1, available: 200}",
                    expect="{at: 0s, alerts: [{source: slow}]}, {at: 4m, alerts: [{source: slow}, {source: main}]},"
                           " {at: 5m, alerts: [{source: main, card: 1}]}"), sources=sources, rules=rules))


def test_delivery_waits_for_its_group_and_repeats(run):
    route = {"group_by": ["rule"], "group_wait": "90s", "repeat_every": "1h"}
    rules = [{"name": "low", "when": "available < 100"}]
    passes(run(case(cards=f"{CARD}, {OTHER}", timeline="{at: 1m, card: 1, available: 99}, {at: 2m, card: 2, available: 98}",
                    expect="{at: 149s, messages: []}, {at: 150s, messages: [{counts: {firing: 2}}]},"
                           " {at: 2h40m, messages: [{repeat: 0}, {repeat: 1, sent_at: 1h2m30s}, {repeat: 2}]}"),
               rules=rules, route=route))


def test_a_hundred_days_take_no_time(run):
    cards = ", ".join(f"{{customer: {n}, card: {n}, currency: usd, available: 500}}" for n in range(1, 11))
    began = time.monotonic()
    passes(run(case(cards=cards, timeline="{at: 99d, card: 3, available: 99}",
                    expect="{at: 99d, alerts: []}, {at: 100d, alerts: [{card: 3, fired_at: 99d2m}]}, {at: 100d, messages: [{card: 3}]}")))
    assert time.monotonic() - began < 10, "polls in which nothing happens are gone through one by one"


def test_time_is_leapt_over_as_if_it_were_not(run):
    """What happens at odd times in long silences: `for`, `unchanged`, a window, a repeat, and nothing of staleness."""
    rules = [{"name": "idle", "when": "unchanged(available) >= 10d"}, {"name": "spent", "when": "spent(7d) >= 50"},
             {"name": "low", "when": "available < 460", "for": "3d"}]
    passes(run(case(timeline="{at: 1d, card: 1, available: 450}, {at: 40d, card: 1, available: 449}",
                    expect="{at: 1d, alerts: [{rule: spent, fired_at: 1d}]}, {at: 3d23h59m, alerts: [{rule: spent}]},"
                           " {at: 4d, alerts: [{rule: spent}, {rule: low, fired_at: 4d}]}, {at: 8d1m, alerts: [{rule: low}]},"
                           " {at: 11d, alerts: [{rule: low}, {rule: idle, fired_at: 11d}]}, {at: 40d, alerts: [{rule: low}]}"),
               rules=rules))


def leapt(run, rules, route, entries, restless):
    """All messages of forty days, with every poll gone through (a card of no rule is named at each) or not."""
    entries = entries + ([(n * 1800, 99, "available: 1") for n in range(1, 1920)] if restless else [])
    timeline = ", ".join(f"{{at: {at}s, card: {card}, {what}}}" for at, card, what in sorted(entries))
    cards = ", ".join(f"{{customer: {n % 3 + 1}, card: {n}, currency: usd, available: 500}}" for n in (1, 2, 3, 4, 99))
    source = {**CONFIG["sources"][0], "every": "30m"}
    done = run(case(cards=cards, timeline=timeline, expect="{at: 40d, messages: [{notifier: none}]}"), "--format", "json",
               rules=rules, route=route, sources=[source])
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)["tests"][0]["failures"][0]["actual"]


@pytest.mark.parametrize("seed", range(4))
def test_leaping_changes_nothing(run, seed):
    chance = random.Random(seed)
    rules = [{"when": "available < 100", "clear": "available >= 150", "for": "7h", "keep_firing_for": "90m"},
             {"when": "spent(2d) > 600"}, {"when": "unchanged(available) > 3d"}, {"when": "runway(3d) < 4d"},
             {"when": "avg(available, 1d) < 200", "for": "45m"}, {"on": "delta(available) < -300"}, {"when": "age > 20d"},
             {"when": "changes(available, 1d) >= 3", "flap": {"limit": 2, "window": "5d"}},
             {"levels": [{"severity": "info", "when": "available < 400"}, {"severity": "critical", "when": "max(available, 5h) < 50"}]}]
    rules = [{"name": f"r{n}", "match": {"card": [1, 2, 3, 4]}, **rule} for n, rule in enumerate(rules)]
    route = {"group_by": ["rule", "customer"], "group_wait": "50m", "group_interval": "4h", "repeat_every": "3d"}
    entries = [(chance.randrange(40 * 48) * 1800 + chance.choice((0, 0, 700)), chance.randrange(1, 5),
                f"available: {chance.choice((0, 40, 99, 120, 300, 500, 900))}") for _ in range(60)]
    leaping, plodding = (leapt(run, rules, route, entries, restless) for restless in (False, True))
    assert len(leaping) > 30
    assert leaping == plodding


def test_a_card_that_never_changed_is_at_rest(run):
    rules = [{"name": "still", "when": "unchanged(available) > 30h"}, {"name": "low", "when": "max(available, 1h) < 600"}]
    passes(run(case(timeline="{at: 40h, card: 1, available: 499}",
                    expect="{at: 0s, alerts: [{rule: low}]}, {at: 30h, alerts: [{rule: low}]},"
                           " {at: 31h, alerts: [{rule: low}, {rule: still, fired_at: 30h1m}]}, {at: 40h, alerts: [{rule: low}]}"), rules=rules))


def test_start_and_times_of_day(run):
    passes(run(f"config: cardwatch.yaml\nstart: 2026-03-01T08:00:00+01:00\ntests:\n{case(timeline='{at: 1m, card: 1, available: 5}', expect='{at: 3m, alerts: [{fired_at: 2026-03-01T07:03:00Z}]}')}"))


def test_several_files_and_another_configuration(run, tmp_path):
    other = write_config(tmp_path / "other.yaml", {**CONFIG, "rules": [{**CONFIG["rules"][0], "for": "0s"}]})
    files = ("a_test.yaml", "b_test.yaml")
    passes(run([EXAMPLE, EXAMPLE], files=files), 2)
    done = run([EXAMPLE, EXAMPLE], "-c", other or tmp_path / "other.yaml", files=files)
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == "0 passed, 2 failed"
    assert "a_test.yaml:11" in done.stdout and "b_test.yaml:11" in done.stdout


def test_the_formats_for_programs(run):
    tests = case("good <&\"> one", timeline="{at: 1m, card: 1, available: 99}", expect="{at: 3m, alerts: [{card: 1}]}")
    tests += case("bad one", timeline="{at: 1m, card: 1, available: 99}", expect="{at: 3m, alerts: []}")
    done = run(tests, "--format", "json")
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "1 passed, 1 failed"
    said = json.loads(done.stdout)
    assert (said["passed"], said["failed"]) == (1, 1)
    good, bad = said["tests"]
    assert good["passed"] and good["failures"] == [] and good["text"] is None
    assert not bad["passed"] and bad["name"] == "bad one" and bad["file"].endswith("rules_test.yaml") and bad["line"] == 7
    [failure] = bad["failures"]
    assert failure["of"] == "alerts" and failure["at_ms"] == 180000 and failure["line"] == 10 and failure["expected"] == []
    assert failure["actual"][0]["rule"] == "low-balance" and failure["actual"][0]["card"]["id"] == 1

    done = run(tests, "--format", "junit")
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "1 passed, 1 failed"
    suites = xml.etree.ElementTree.fromstring(done.stdout)
    assert (suites.tag, suites.get("tests"), suites.get("failures")) == ("testsuites", "2", "1")
    [suite] = suites
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "1")
    first, second = suite
    assert first.get("name") == 'good <&"> one' and len(first) == 0 and float(first.get("time")) >= 0
    assert second.get("name") == "bad one" and [child.tag for child in second] == ["failure"]
    assert "+ {rule: low-balance, card: 1" in second[0].text and "\n" in second[0].text


@pytest.mark.parametrize("name, text, line, words", [
    ("a key that is none", case(timeline="{at: 1m, crad: 1}"), 5, 'unknown key "crad" in tests[0].timeline[0] (did you mean "card"?)'),
    ("an expected key that is none", case(expect="{at: 1m, alerts: [{rul: x}]}"), 6, 'did you mean "rule"?'),
    ("no duration", case(timeline="{at: 60, card: 1}"), 5, "the unit is missing"),
    ("no amount", case(timeline="{at: 1m, card: 1, available: low}"), 5, '"available" must be an amount'),
    ("no boolean", case(timeline="{at: 1m, card: 1, suppressed: yes}"), 5, "must be true or false"),
    ("no id", case(timeline="{at: 1m, card: one}"), 5, "must be a whole number"),
    ("no currency", case(cards="{customer: 1, card: 1, currency: dollars, available: 5}"), 4, "ISO 4217"),
    ("no severity", case(expect="{at: 1m, alerts: [{severity: warnin}]}"), 6, 'did you mean "warning"?'),
    ("no list", case(expect="{at: 1m, alerts: {rule: x}}"), 6, '"alerts" must be a list'),
    ("nothing expected", case(expect="{at: 1m}"), 6, "nothing is expected"),
    ("times that fall", case(timeline="{at: 2m, card: 1}, {at: 1m, card: 1}"), 5, "times must not fall"),
    ("expectations that fall", case(expect="{at: 2m, alerts: []}, {at: 1m, alerts: []}"), 6, "times must not fall"),
    ("a card that is not known", case(timeline="{at: 1m, card: 2, available: 5}"), 5, "card 2 is not known yet"),
    ("an unknown card is gone", case(timeline="{at: 1m, card: 2, gone: true}"), 5, "cannot be gone"),
    ("an expected card that never is", case(expect="{at: 1m, alerts: [{card: 3}]}"), 6, "there is no card 3 in this test"),
    ("a card twice", case(cards=f"{CARD}, {CARD}"), 4, 'stands in "cards" twice'),
    ("a source that is none", case(timeline="{at: 1m, card: 1, source: mian}"), 5, 'did you mean "main"?'),
    ("a poll off the beat", case(timeline="{at: 90s, poll: failed}"), 5, "main is polled every 1m"),
    ("a way for polls to go that is none", case(timeline="{at: 1m, poll: broken}"), 5, "must be one of complete, partial, failed"),
    ("no card", case(timeline="{at: 1m, available: 5}"), 5, "which card?"),
    ("no name", "  - {expect: []}\n", 3, 'tests[0] needs "name"'),
    ("no start", "config: cardwatch.yaml\nstart: tomorrow\ntests: [{name: x, expect: []}]\n", 2, '"start" must be a time'),
    ("no configuration", "tests: [{name: x, expect: []}]\n", 1, '"config" is missing'),
    ("no YAML", "tests: [\n", 1, "error: "),
])
def test_mistakes_are_refused_where_they_stand(run, name, text, line, words):
    done = run(text)
    assert done.returncode == 78, done.stdout + done.stderr
    assert re.search(rf"rules_test\.yaml:{line}:\d+: error: ", done.stderr), done.stderr
    assert words in done.stderr, done.stderr
    assert done.stdout == ""


def test_all_mistakes_of_all_files_in_one_run(run):
    done = run([case(timeline="{at: 60, card: 1}, {at: 1m, crad: 1}"), case(timeline="{at: 1m, card: 2}")], files=("a.yaml", "b.yaml"))
    assert done.returncode == 78
    assert len(re.findall(r"a\.yaml:5:\d+: error", done.stderr)) == 2 and len(re.findall(r"b\.yaml:5:\d+: error", done.stderr)) == 1


def test_a_wrong_configuration_is_said_as_ever(run):
    done = run(EXAMPLE, rules=[{"name": "low-balance", "when": "availble < 100"}])
    assert done.returncode == 78 and re.search(r"cardwatch\.yaml:\d+:\d+: error: .*available", done.stderr)


def test_usage(run, tmp_path):
    assert ctl("test").returncode == 64
    assert ctl("test", "--format", "yaml", "x").returncode == 64
    assert ctl("test", "-h").returncode == 0
    missing = ctl("test", tmp_path / "none.yaml")
    assert missing.returncode == 78 and "none.yaml" in missing.stderr
