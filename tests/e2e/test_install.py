# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts where, and that it leaves an operator's configuration alone."""

import os
import re
import shutil
import subprocess

import pytest

from daemon import programs

FILES = """etc/cardwatch/cardwatch.yaml usr/bin/cardwatch usr/bin/cardwatch-sim usr/sbin/cardwatchd
    usr/lib/systemd/system/cardwatchd.service usr/lib/sysusers.d/cardwatch.conf usr/lib/tmpfiles.d/cardwatch.conf
    usr/share/man/man1/cardwatch.1 usr/share/man/man1/cardwatch-sim.1 usr/share/man/man5/cardwatch.yaml.5
    usr/share/man/man8/cardwatchd.8 usr/share/doc/cardwatch/README.md usr/share/doc/cardwatch/LICENSE""".split()

BUILD = os.path.dirname(os.path.abspath(programs()))

pytestmark = pytest.mark.skipif(not os.path.exists(os.path.join(BUILD, "cmake_install.cmake")), reason="no build tree here")


def install(folder, prefix="/usr"):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(folder)})
    return sorted(os.path.relpath(os.path.join(base, name), folder) for base, _, names in os.walk(folder) for name in names)


def test_everything_is_in_its_place(tmp_path):
    installed = install(tmp_path)
    assert [f for f in FILES if f not in installed] == []
    assert [f for f in installed if not f.startswith(("usr/", "etc/cardwatch/"))] == []
    for name in ("usr/sbin/cardwatchd", "usr/bin/cardwatch"):
        assert os.access(tmp_path / name, os.X_OK)


def test_another_prefix_has_its_own_etc(tmp_path):
    installed = install(tmp_path, "/opt/cardwatch")
    assert all(f.startswith("opt/cardwatch/") for f in installed)
    unit = (tmp_path / "opt/cardwatch/lib/systemd/system/cardwatchd.service").read_text()
    assert "ExecStart=/opt/cardwatch/sbin/cardwatchd -c /opt/cardwatch/etc/cardwatch/cardwatch.yaml" in unit


def test_an_edited_configuration_stays(tmp_path):
    install(tmp_path)
    config = tmp_path / "etc/cardwatch/cardwatch.yaml"
    new = tmp_path / "etc/cardwatch/cardwatch.yaml.new"
    ours = config.read_text()
    install(tmp_path)
    assert not new.exists()
    config.write_text("sources: []\n")
    install(tmp_path)
    assert config.read_text() == "sources: []\n" and new.read_text() == ours


def test_the_unit_is_one(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")
    unit = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging", "cardwatchd.service")
    with open(unit, encoding="utf-8") as file:
        text = file.read()
    # What it starts is not installed here, so something that is stands in for it.
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
    copy = tmp_path / "cardwatchd.service"
    copy.write_text("\n".join(line for line in text.split("\n") if not line.startswith("Documentation=")))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "cardwatchd.service" not in done.stderr, done.stderr
