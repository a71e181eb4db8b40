"""The real daemon on a disk that is full, read-only, broken or slow: all goes on, and it recovers alone."""

import contextlib

import pytest
from fakes.daemon import DaemonProcess
from fakes.disk_fault import DiskFault, compiler, endure, own_number
from fakes.storm import listener

CONFIG = """
[site]
id = "lib"

[store]
commit_every = "200ms"
"""
PROBE = """
[[probe]]
name = "web"
type = "tcp"
role = "anchor"
targets = [{targets}]
every = "1s"
timeout = "500ms"
"""
FAULTS = ("full", "read-only", "error", "slow 1500")
SECONDS = 2.5


@pytest.mark.skipif(compiler() is None, reason="there is no C compiler for a disk that fails")
def test_a_failing_disk_stops_neither_polls_nor_page_and_costs_nothing(tmp_path):
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(listener()) for _ in range(4)]
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
        daemon = DaemonProcess(tmp_path, CONFIG + PROBE.format(targets=targets))
        disk = DiskFault(tmp_path, daemon.state)
        daemon.environ = disk.environ
        stack.callback(daemon.kill)
        daemon.start()
        for fault in FAULTS:
            seen = endure(daemon, disk, fault, SECONDS)
            assert seen.dropped == 0, (fault, seen)
            assert seen.gap_seconds < 2.5, (fault, seen)
            assert seen.page_seconds < 1, (fault, seen)
        refused = own_number(daemon, "netmon_store_refused_commits_total")
        assert refused > 0
        assert own_number(daemon, "netmon_store_damaged_records_total") == 0
        assert "Traceback" not in daemon.log
        # Once per fault, not once per commit.
        assert daemon.log.count("new records wait in memory") <= 3
