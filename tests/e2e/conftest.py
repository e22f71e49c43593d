# SPDX-License-Identifier: Apache-2.0
"""Fixtures: factories whose products are closed, and held to account, when the test ends."""

import os
import random

import pytest

import receivers
from daemon import Daemon
from simulator import Simulator


class Closer:
    """Closes what it was handed, last first, and reports the first thing that did not end well."""

    def __init__(self):
        self.things = []

    def __call__(self, thing):
        self.things.append(thing)
        return thing

    def close(self):
        error = None
        while self.things:
            try:
                self.things.pop().close()
            except AssertionError as caught:
                error = error or caught
        if error:
            raise error


@pytest.fixture
def closer():
    closer = Closer()
    yield closer
    closer.close()


@pytest.fixture
def seed(request):
    """A seed that is printed when the test fails; CARDWATCH_SEED repeats it."""
    seed = int(os.environ.get("CARDWATCH_SEED", random.randrange(1 << 31)))
    print(f"CARDWATCH_SEED={seed} repeats {request.node.name}")
    return seed


@pytest.fixture
def make_sim(closer):
    """make_sim("--customers", 3): a simulator whose balances stand still unless a test moves them."""
    return lambda *args: closer(Simulator("--still", *args))


@pytest.fixture
def sim(make_sim):
    """Three customers with a card each, ids 1 to 3, well above every limit."""
    sim = make_sim("--customers", 3, "--cards", 1)
    for card in (1, 2, 3):
        sim.set_card(card, available="600", pending="0")
    return sim


@pytest.fixture
def hook(closer):
    return closer(receivers.Hook())


@pytest.fixture
def make_hook(closer):
    return lambda *args, **kwargs: closer(receivers.Hook(*args, **kwargs))


@pytest.fixture
def smtp(closer):
    return closer(receivers.Smtp())


@pytest.fixture
def rsyslog(closer, tmp_path):
    return closer(receivers.Rsyslog(tmp_path))


@pytest.fixture
def syslog_socket(closer, tmp_path):
    return lambda kind: closer(receivers.SyslogSocket(kind, tmp_path))


@pytest.fixture
def make_daemon(closer, tmp_path):
    """make_daemon(config) starts one in a folder of its own; start=False only prepares it."""
    made = []

    def make(config, start=True, **kwargs):
        name = f"daemon{len(made) or ''}"
        made.append(closer(Daemon(tmp_path / name, config, **kwargs)))
        return made[-1].start() if start else made[-1]

    return make
