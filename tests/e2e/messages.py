# SPDX-License-Identifier: Apache-2.0
"""What a message of the daemon's own must tell whoever is woken by it: what happened, to what, and what to do next."""

# Words of the advice without which it would not be one.
ADVICE = {
    "source-down": ("No card of this source is watched", "`cardwatch check`", "operator"),
    "auth-failed": ("No card of this source is watched", "TOTP secret", "clock", "`cardwatch reload`", "10 minutes"),
    "stale": ("not watched", "`cardwatch preview`", "`every`", "`cardwatch sources`", "operator"),
    "suspect-snapshot": ("keep their last balances", "`cardwatch accept {source}`", "operator"),
    "bad-data": ("operator",),
    "clock-skew": ("timedatectl", "operator"),
    "store-failing": ("alerts go out", "disk"),
    "reload-failed": ("stays in force", "`cardwatch check`"),
}


def helps(firing, resolved=None, *facts):
    """The first message says what, whose and what to do; the last says what ended it, and asks for nothing any more."""
    rule, source = firing["rule"], firing["source"]
    for words in ADVICE[rule]:
        assert words.format(source=source) in firing["description"], firing["description"]
    for words in [*facts, *([f"source {source}"] if source else [])]:
        assert words.lower() in firing["summary"].lower(), firing["summary"]
    assert firing["reason"] and firing["reason"] in firing["summary"], (firing["reason"], firing["summary"])
    assert firing["started_at"] and firing["fired_at"] and firing["resolved_at"] is None
    if resolved:
        assert (resolved["rule"], resolved["source"], resolved["fired_at"]) == (rule, source, firing["fired_at"])
        assert resolved["reason"] and resolved["reason"] != firing["reason"] and resolved["reason"] in resolved["summary"]
        assert source in resolved["reason"] and resolved["description"] == "" and resolved["resolved_at"]
