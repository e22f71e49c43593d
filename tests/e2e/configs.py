# SPDX-License-Identifier: Apache-2.0
"""Configurations as tests write them: short, quick, and with every secret in sight.

Durations are short so that tests are quick; what a test is about it says itself.
"""

from simulator import API_KEY, PASSWORD, TOTP_SECRET, USERNAME

LOW = {"name": "low", "when": "available < 100", "clear": "available >= 120"}


def source(sim, **keys):
    """The simulator as a source, with an API key; `auth=login()` logs in. It grows stale only where a test is about that."""
    return {"name": "main", "url": sim.url, "auth": key(), "every": "200ms", "timeout": "5s", "retries": 0, "stale_after": 1000,
            **keys}


def key(api_key=API_KEY):
    return {"api_key": f"plain:{api_key}", "totp_secret": f"plain:{TOTP_SECRET}"}


def login(username=USERNAME, password=PASSWORD, totp_secret=TOTP_SECRET):
    return {"username": username, "password": f"plain:{password}", "totp_secret": f"plain:{totp_secret}"}


def webhook(hook, name="hook", **keys):
    return {"name": name, "type": "webhook", "url": f"plain:{hook.url}", "timeout": "5s", **keys}


def mail(smtp, name="mail", **keys):
    return {"name": name, "type": "email", "smtp": smtp.url, "from": "cardwatch@example.com", "to": ["ops@example.com"],
            "timeout": "5s", **keys}


def syslog(target, name="log", **keys):
    return {"name": name, "type": "syslog", "target": target, "timeout": "5s", **keys}


def config(sources, notifiers, rules=None, **keys):
    """Without `route` every notifier gets everything. A Daemon adds where its store lies and how it logs."""
    return {"sources": sources if isinstance(sources, list) else [sources],
            "rules": [LOW] if rules is None else rules,
            "notifiers": notifiers if isinstance(notifiers, list) else [notifiers], **keys}
