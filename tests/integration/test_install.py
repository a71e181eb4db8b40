"""Installing into a folder of its own: versions beside each other, one atomic switch, history untouched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
INSTALL = REPOSITORY / "systemd/install"
NEEDS_EXTRAS = """
[site]
id = "lib"

[notify.sms]
type = "govuk_notify"
api_key = { credential = "notify_key" }
sms_template = "t"
sms_to = ["07700900000"]

[[maintenance]]
name = "work"
calendar = "/srv/work.ics"
"""


@pytest.fixture
def machine(tmp_path):
    """Return the root of a machine with history and nothing else of netmon."""
    (tmp_path / "var/lib/netmon").mkdir(parents=True)
    (tmp_path / "var/lib/netmon/history").write_text("kept")
    return tmp_path


def install(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [INSTALL, *arguments],
        env={**os.environ, "DESTDIR": str(machine)},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def imports(machine: Path, modules: str) -> int:
    python = machine / "opt/netmon/current/bin/python"
    command = [python, "-I", "-c", f"import {modules}"]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, cwd="/").returncode


def missing_for(machine: Path, configuration: str) -> dict[str, str]:
    """Return what the doctor of the installed version misses for the channels of a configuration."""
    (machine / "notify_key").write_text("key")
    (machine / "needs.toml").write_text(configuration)
    found = subprocess.run(
        [machine / "opt/netmon/current/bin/netmon", "doctor", "--offline", "--json",
         "--config", machine / "needs.toml"],
        env={**os.environ, "CREDENTIALS_DIRECTORY": str(machine), "STATE_DIRECTORY": str(machine)},
        capture_output=True, text=True, timeout=60, check=False, cwd="/",
    )  # fmt: skip
    findings = [one for one in json.loads(found.stdout)["findings"] if "needs netmon-edge" in one["text"]]
    assert all("make install" in one["remedy"] for one in findings)
    return {one["subject"]: one["text"] for one in findings}


def add_version(machine: Path, name: str, *, accepts: bool = True) -> None:
    """Put a version there as a finished installation leaves it; its program only knows `check`."""
    version = machine / "opt/netmon" / name
    program = version / "bin/netmon"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\nexit {0 if accepts else 78}\n")
    program.chmod(0o755)
    share = version / "share/netmon"
    shutil.copytree(REPOSITORY / "systemd", share / "systemd")
    (share / "netmon.example.toml").write_text(f"# {name}\n")
    (version / ".complete").touch()


def point_to(machine: Path, name: str) -> None:
    (machine / "opt/netmon/current").symlink_to(name)


def current(machine: Path) -> str:
    return (machine / "opt/netmon/current").readlink().name


def versions(machine: Path) -> set[str]:
    return {
        path.name for path in (machine / "opt/netmon").iterdir() if path.is_dir() and not path.is_symlink()
    }


def test_a_checkout_becomes_a_version_that_runs_and_the_history_stays(machine):
    found = install(machine, str(REPOSITORY))
    assert found.returncode == 0, found.stderr
    name = current(machine)
    assert name.endswith("-1")
    program = machine / "opt/netmon/current/bin/netmon"
    assert imports(machine, "icalendar") != 0, "nothing in the configuration needs it"
    assert missing_for(machine, NEEDS_EXTRAS) == {
        "notify.sms": "needs netmon-edge[govuk], which is not installed",
        "maintenance work": "needs netmon-edge[calendar], which is not installed",
    }
    told = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=60, check=True, cwd="/"
    )
    assert told.stdout.strip() == f"netmon {name.rpartition('-')[0]}"
    for path in (
        "usr/lib/systemd/system/netmon.service",
        "usr/lib/systemd/system/netmon-report.service",
        "usr/lib/systemd/system/netmon-report.timer",
        "usr/lib/sysusers.d/netmon.conf",
        "usr/lib/tmpfiles.d/netmon.conf",
        "usr/lib/sysctl.d/50-netmon.conf",
        "etc/netmon/netmon.example.toml",
    ):
        assert (machine / path).is_file(), path
    assert (machine / "usr/local/bin/netmon").readlink() == Path("/opt/netmon/current/bin/netmon")
    assert (machine / "var/lib/netmon/history").read_text() == "kept"


def test_the_libraries_that_the_configuration_needs_are_installed_too(machine):
    (machine / "etc/netmon/secrets").mkdir(parents=True)
    (machine / "etc/netmon/secrets/notify_key").write_text("key")
    (machine / "etc/netmon/netmon.toml").write_text(NEEDS_EXTRAS)
    found = install(machine, str(REPOSITORY))
    assert found.returncode == 0, found.stderr
    assert imports(machine, "notifications_python_client, icalendar, apprise") == 0
    assert missing_for(machine, NEEDS_EXTRAS) == {}


def test_rolling_back_goes_to_the_version_before_and_takes_its_files_along(machine):
    for name in ("0.1.0-1", "0.10.0-2", "0.9.0-10"):
        add_version(machine, name)
    point_to(machine, "0.9.0-10")
    assert install(machine, "--rollback").returncode == 0
    assert current(machine) == "0.10.0-2"
    assert (machine / "etc/netmon/netmon.example.toml").read_text() == "# 0.10.0-2\n"
    assert install(machine, "--rollback").returncode == 0
    assert current(machine) == "0.1.0-1"
    found = install(machine, "--rollback")
    assert found.returncode == 1
    assert "there is no version before 0.1.0-1" in found.stderr
    assert (machine / "var/lib/netmon/history").read_text() == "kept"


def test_a_version_that_refuses_the_configuration_does_not_take_over(machine):
    add_version(machine, "0.1.0-1")
    add_version(machine, "0.2.0-2", accepts=False)
    point_to(machine, "0.1.0-1")
    (machine / "etc/netmon").mkdir(parents=True)
    (machine / "etc/netmon/netmon.toml").write_text('[site]\nid = "mine"\n')
    found = install(machine, "--rollback", "0.2.0-2")
    assert found.returncode == 1
    assert "does not accept" in found.stderr
    assert current(machine) == "0.1.0-1"
    assert (machine / "etc/netmon/netmon.toml").read_text() == '[site]\nid = "mine"\n'


def test_two_versions_before_the_current_one_are_kept(machine):
    for number in range(1, 6):
        add_version(machine, f"0.1.0-{number}")
    point_to(machine, "0.1.0-4")
    assert install(machine, "--rollback", "0.1.0-5").returncode == 0
    assert versions(machine) == {"0.1.0-5", "0.1.0-4", "0.1.0-3"}


def test_an_installation_that_was_cut_short_is_no_version(machine):
    add_version(machine, "0.1.0-1")
    add_version(machine, "0.1.0-2")
    (machine / "opt/netmon/0.1.0-1/.complete").unlink()
    point_to(machine, "0.1.0-2")
    assert "there is no version before" in install(machine, "--rollback").stderr
    assert "there is no version 0.1.0-1" in install(machine, "--rollback", "0.1.0-1").stderr


def test_a_folder_that_is_no_checkout_leaves_nothing_behind(machine, tmp_path):
    (tmp_path / "empty").mkdir()
    found = install(machine, str(tmp_path / "empty"))
    assert found.returncode != 0
    assert "is not a checkout of netmon" in found.stderr
    assert versions(machine) == set()


def test_removing_keeps_configuration_and_history(machine):
    add_version(machine, "0.1.0-1")
    assert install(machine, "--rollback", "0.1.0-1").returncode == 1  # nothing is current yet
    point_to(machine, "0.1.0-1")
    assert install(machine, "--rollback", "0.1.0-1").returncode == 0
    assert install(machine, "--remove").returncode == 0
    assert not (machine / "opt/netmon/current").exists()
    assert not (machine / "usr/lib/systemd/system/netmon.service").exists()
    assert (machine / "etc/netmon/netmon.example.toml").exists()
    assert (machine / "var/lib/netmon/history").read_text() == "kept"
