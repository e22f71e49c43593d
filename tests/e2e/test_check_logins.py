# SPDX-License-Identifier: Apache-2.0
"""`cardwatch check` and `preview` log in as the daemon does, and must not lock the account: they share its memory."""

import os
import re

import pytest

from configs import config, login, source, webhook
from daemon import ctl, stays, write_config

WRONG = {"password": "wrong"}


@pytest.fixture
def file(tmp_path):
    def write(configuration, store=tmp_path / "cardwatch.db"):
        path = tmp_path / "cardwatch.yaml"
        write_config(path, {"store": {"sqlite": str(store)}, **configuration})
        return path

    return write


def logins(sim):
    return sim.state()["logins"]


def said(done):
    return done.stdout + done.stderr


@pytest.mark.parametrize("command", ["check", "preview"])
def test_a_loop_with_wrong_credentials_costs_one_login(command, sim, hook, file, tmp_path):
    path = file(config(source(sim, auth=login(**WRONG)), webhook(hook)))
    assert "Username_Or_Password_Incorrect" in said(ctl(command, "-c", path))
    for _ in range(4):
        done = ctl(command, "-c", path)
        assert done.returncode == 1 and re.search(r"none is tried before 2\d\d\d-", said(done)), said(done)
    assert logins(sim) == {"good": 0, "bad": 1}
    assert os.stat(tmp_path / "cardwatch.db").st_mode & 0o777 == 0o640


@pytest.mark.parametrize("command", ["check", "preview"])
def test_a_corrected_password_is_tried_at_once(command, sim, hook, file):
    """Nobody waits ten minutes for what they had written before; the one before waits on."""
    wrong, right = (config(source(sim, auth=login(**which)), webhook(hook)) for which in (WRONG, {}))
    assert ctl(command, "-c", file(wrong)).returncode == 1
    assert ctl(command, "-c", file(right)).returncode == 0
    assert logins(sim) == {"good": 1, "bad": 1}
    assert "none is tried before" in said(ctl(command, "-c", file(wrong)))
    assert logins(sim) == {"good": 1, "bad": 1}


def test_a_locked_account_waits_whatever_the_password(sim, hook, file):
    wrong = [config(source(sim, auth=login(password=f"wrong{i}")), webhook(hook)) for i in range(5)]
    said_last = [said(ctl("check", "-c", file(one))) for one in wrong][-1]
    assert "none is tried before" in said_last
    assert logins(sim)["bad"] == 4  # three that lock it, and one that is told so


def test_the_daemon_tries_a_corrected_password_after_a_restart(sim, hook, make_daemon):
    daemon = make_daemon(config(source(sim, auth=login(**WRONG)), webhook(hook)))
    hook.wait_for_alert("auth-failed", "firing")
    daemon.terminate()
    daemon.start()
    daemon.wait_for_polls(2)
    assert logins(sim) == {"good": 0, "bad": 1}
    daemon.terminate()
    daemon.configure(config(source(sim, auth=login()), webhook(hook)))
    daemon.start()
    hook.wait_for_alert("auth-failed", "resolved")
    assert logins(sim) == {"good": 1, "bad": 1}


def test_each_command_knows_what_the_other_did(sim, hook, file):
    path = file(config(source(sim, auth=login(**WRONG)), webhook(hook)))
    ctl("preview", "-c", path)
    assert "none is tried before" in said(ctl("check", "-c", path))
    assert logins(sim) == {"good": 0, "bad": 1}


def test_what_logs_in_leaves_nothing_behind(sim, hook, file, tmp_path):
    path = file(config(source(sim, auth=login()), webhook(hook)))
    for command in ("check", "preview", "check"):
        assert ctl(command, "-c", path).returncode == 0
    assert logins(sim) == {"good": 3, "bad": 0}
    assert [name for name in os.listdir(tmp_path) if name.startswith("cardwatch.db")] == []


def test_the_daemon_does_not_try_after_a_check(sim, hook, file, make_daemon, tmp_path):
    wrong = {**config(source(sim, auth=login(**WRONG)), webhook(hook)), "store": {"sqlite": str(tmp_path / "cardwatch.db")}}
    ctl("check", "-c", file(wrong))
    assert logins(sim) == {"good": 0, "bad": 1}
    make_daemon(wrong)
    assert "none is tried before" in str(hook.wait_for_alert("auth-failed", "firing"))
    stays(lambda: logins(sim)["bad"] == 1, "no log-in by the daemon", 0.8)


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a_check_does_not_try_while_the_daemon_is_blocked(sim, hook, make_daemon, running):
    daemon = make_daemon(config(source(sim, auth=login(**WRONG)), webhook(hook)))
    hook.wait_for_alert("auth-failed", "firing")
    if not running:
        daemon.terminate()
    for command in ("check", "preview"):
        done = ctl(command, "-c", daemon.config_path)
        assert done.returncode == 1 and "none is tried before" in said(done), said(done)
    assert logins(sim) == {"good": 0, "bad": 1}


def test_a_loop_beside_a_running_daemon_costs_one_login(sim, hook, make_daemon, tmp_path):
    """The daemon is well, somebody tries another password: what they learn must not be lost, nor told to the daemon."""
    daemon = make_daemon(config(source(sim, auth=login()), webhook(hook)))
    daemon.wait_for_polls(1)
    other = tmp_path / "other.yaml"
    write_config(other, {**config(source(sim, auth=login(**WRONG)), webhook(hook)), "store": {"sqlite": daemon.store_path}})
    for _ in range(4):
        assert ctl("check", "-c", other).returncode == 1
    assert logins(sim) == {"good": 1, "bad": 1}
    daemon.wait_for_polls(2, "complete")
    daemon.terminate()
    assert ctl("check", "-c", other).returncode == 1
    assert logins(sim) == {"good": 1, "bad": 1}


def test_no_directory_is_made(sim, hook, file, tmp_path):
    store = tmp_path / "nowhere" / "cardwatch.db"
    path = file(config(source(sim, auth=login(**WRONG)), webhook(hook)), store)
    done = ctl("check", "-c", path)
    assert done.returncode == 1 and "could not be stored" in done.stderr, said(done)
    assert not store.parent.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave files that others cannot use")
def test_what_root_checks_is_the_daemons(sim, hook, file, tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    path = file(config(source(sim, auth=login(**WRONG)), webhook(hook)), folder / "cardwatch.db")
    ctl("check", "-c", path)
    names = os.listdir(folder)
    assert "cardwatch.db" in names and "cardwatch.db.lock" in names
    assert {(os.stat(folder / name).st_uid, os.stat(folder / name).st_gid) for name in names} == {(65534, 65534)}
