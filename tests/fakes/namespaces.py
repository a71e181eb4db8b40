"""Network namespaces that a test makes and removes: hosts of its own on one machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest


def ip(*words: str) -> None:
    """Run ip(8); a failure is the test's."""
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


@dataclass(frozen=True)
class Host:
    """One namespace."""

    name: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """What a command begins with to run on this host."""
        return ("ip", "netns", "exec", self.name)

    def run(self, *command: str, timeout_seconds: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a command on this host."""
        return subprocess.run(
            [*self.prefix, *command], capture_output=True, text=True, timeout=timeout_seconds, check=False
        )


@contextmanager
def two_hosts(first_address: str, second_address: str) -> Iterator[tuple[Host, Host]]:
    """Join two hosts by a cable; skip the test where namespaces cannot be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        reason = "network namespaces need root and iproute2"
        if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    tag = uuid4().hex[:6]
    hosts = Host(f"nm{tag}a"), Host(f"nm{tag}b")
    try:
        for host in hosts:
            ip("netns", "add", host.name)
            ip("-n", host.name, "link", "set", "lo", "up")
        ip(
            "link",
            "add",
            f"nm{tag}0",
            "netns",
            hosts[0].name,
            "type",
            "veth",
            "peer",
            f"nm{tag}1",
            "netns",
            hosts[1].name,
        )
        for number, (host, address) in enumerate(zip(hosts, (first_address, second_address), strict=True)):
            ip("-n", host.name, "addr", "add", address, "dev", f"nm{tag}{number}")
            ip("-n", host.name, "link", "set", f"nm{tag}{number}", "up")
        yield hosts
    finally:
        for host in hosts:
            subprocess.run(["ip", "netns", "delete", host.name], check=False, capture_output=True, timeout=10)
