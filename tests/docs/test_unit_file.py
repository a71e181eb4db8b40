"""The unit that is installed: systemd accepts it, and its sandbox and address fence are what they say."""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
from argparse import ArgumentParser
from datetime import date
from pathlib import Path

import pytest

from netmon.cli.report import ReportCommand
from netmon.evidence.calendar import month
from netmon.evidence.reports.issued import issue_day

UNITS = Path(__file__).parent.parent.parent / "systemd"
UNIT = UNITS / "netmon.service"
TRAPS = UNITS / "netmon-traps.socket"
HELPER = UNITS / "netmon-raw.service"
REPORT, TIMER = UNITS / "netmon-report.service", UNITS / "netmon-report.timer"
HOST_UNITS = Path("/usr/lib/systemd/system")
EXPOSURE_TENTHS = {UNIT.name: 13, HELPER.name: 15, REPORT.name: 13}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=60, check=False
    )


def values(key: str, unit: Path = UNIT) -> list[str]:
    lines = (line.partition("=") for line in unit.read_text().splitlines() if not line.startswith("#"))
    return [value for name, _, value in lines if name == key]


@pytest.fixture
def systemd_analyze():
    found = shutil.which("systemd-analyze")
    if found is None or not HOST_UNITS.is_dir():
        reason = "systemd-analyze is not installed"
        if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture
def installed(tmp_path):
    """Return a root with the unit at its path, beside the distribution's units that it refers to."""
    target = tmp_path / "usr/lib/systemd/system"
    shutil.copytree(HOST_UNITS, target, symlinks=True, ignore_dangling_symlinks=True)
    for unit in (UNIT, TRAPS, HELPER, REPORT, TIMER):
        shutil.copy(unit, target)
    for program in ("opt/netmon/current/bin/netmon", "opt/netmon/current/bin/netmon-raw", "bin/kill"):
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("name", [*EXPOSURE_TENTHS, TRAPS.name, TIMER.name])
def test_systemd_accepts_the_unit_at_its_path(systemd_analyze, installed, name):
    found = run(systemd_analyze, "verify", "--man=no", f"--root={installed}", name)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize(("name", "tenths"), EXPOSURE_TENTHS.items())
def test_exposure_is_what_the_readme_says(systemd_analyze, installed, name, tenths):
    unit = installed / "usr/lib/systemd/system" / name
    found = run(systemd_analyze, "security", "--offline=true", "--no-pager", f"--threshold={tenths}", unit)
    assert found.returncode == 0, found.stdout


SANDBOX = (
    "User", "Group", "StateDirectory", "StateDirectoryMode", "UMask", "CapabilityBoundingSet",
    "AmbientCapabilities", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "ProtectProc", "PrivateUsers",
    "PrivateDevices", "DevicePolicy", "PrivateTmp", "RestrictNamespaces", "RestrictAddressFamilies",
    "MemoryDenyWriteExecute", "SystemCallFilter", "IPAddressDeny", "IPAddressAllow",
)  # fmt: skip


def test_reports_run_as_the_daemon_does_and_after_the_days_that_are_left_for_late_data():
    for key in SANDBOX:
        assert values(key, REPORT) == values(key), key
    (moment,) = values("OnCalendar", TIMER)
    day = int(moment.removeprefix("*-*-").partition(" ")[0])
    march = month(2026, 3)
    # By midnight UTC of the day before, it is that day in every zone west of UTC+14 at the latest.
    assert date(2026, 4, day) > issue_day(march.last)
    assert (values("Persistent", TIMER), values("RandomizedDelaySec", TIMER)) == (["true"], ["6h"])
    (command,) = values("ExecStart", REPORT)
    _, *words = command.removesuffix(" $NETMON_REPORT").split()
    parser = ArgumentParser()
    ReportCommand().arguments(parser)
    options = parser.parse_args([*words[1:], "--mail", "records"])
    assert (options.month, str(options.issue)) == ("last", "/var/lib/netmon/reports")


def test_the_helper_has_one_capability_and_the_daemons_group_and_no_more():
    assert values("CapabilityBoundingSet", HELPER) == ["CAP_NET_RAW"]
    assert values("AmbientCapabilities", HELPER) == ["CAP_NET_RAW"]
    assert (values("User", HELPER), values("Group", HELPER)) == (["netmon-raw"], values("Group"))
    assert values("RuntimeDirectory", HELPER) == ["netmon-raw"]


def test_the_daemon_has_no_capability_and_no_dependency_on_the_network():
    assert values("CapabilityBoundingSet") == [""]
    assert values("AmbientCapabilities") == [""]
    wanted = " ".join([*values("After"), *values("Wants"), *values("Requires")])
    assert "network-online" not in wanted
    assert "time-sync" not in wanted


def test_the_address_fence_leaves_out_metadata_multicast_and_reserved_addresses_and_nothing_else():
    allowed = [ipaddress.ip_network(word) for line in values("IPAddressAllow") for word in line.split()]
    denied = [ipaddress.ip_network(text) for text in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")]
    v4 = [network for network in allowed if network.version == 4]
    assert not any(a.overlaps(d) for a in v4 for d in denied)
    assert [str(n) for n in ipaddress.collapse_addresses([*v4, *denied])] == ["0.0.0.0/0"]
    assert {str(n) for n in allowed if n.version == 6} == {
        "::1/128", "64:ff9b::/96", "2000::/3", "fc00::/7", "fe80::/10",
    }  # fmt: skip
    assert values("IPAddressDeny") == ["any"]


def test_a_wrong_configuration_is_not_started_again_and_everything_else_is():
    assert values("RestartPreventExitStatus") == ["78"]
    assert values("Restart") == ["always"]


@pytest.mark.parametrize("name", ["netmon.sysusers", "netmon.tmpfiles"])
def test_the_user_and_folders_are_understood_by_systemd(name, tmp_path):
    tool = shutil.which("systemd-sysusers" if name.endswith("sysusers") else "systemd-tmpfiles")
    if tool is None:
        pytest.skip(f"no systemd tool for {name}")
    if "tmpfiles" in tool and os.geteuid() != 0:
        pytest.skip("systemd-tmpfiles gives folders to other users, which only root may")
    for folder in ("etc", "var/lib", "usr/lib/sysusers.d"):
        (tmp_path / folder).mkdir(parents=True)
    users = run("systemd-sysusers", f"--root={tmp_path}", UNITS / "netmon.sysusers")
    made = run(tool, f"--root={tmp_path}", *(["--create"] if "tmpfiles" in tool else []), UNITS / name)
    assert (users.returncode, made.returncode) == (0, 0), users.stderr + made.stderr
    assert "netmon:" in (tmp_path / "etc/passwd").read_text()
    if "tmpfiles" in tool:
        assert (tmp_path / "etc/netmon/secrets").stat().st_mode & 0o777 == 0o700
