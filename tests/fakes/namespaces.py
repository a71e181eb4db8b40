"""Network namespaces that a test makes and removes: hosts of its own on one machine."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

_CLONE_NEWNET = 0x40000000


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

    def ip(self, *words: str) -> None:
        """Run ip(8) on this host."""
        ip("-n", self.name, *words)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Put the calling thread on this host; the sockets it makes there stay there."""
        libc = ctypes.CDLL(None, use_errno=True)
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(libc, there)
            try:
                yield
            finally:
                _enter(libc, home)
        finally:
            os.close(there)
            os.close(home)


def _enter(libc: ctypes.CDLL, namespace: int) -> None:
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


@contextmanager
def hosts(*names: str) -> Iterator[tuple[Host, ...]]:
    """Make hosts with loopback only; skip the test where namespaces cannot be made."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        reason = "network namespaces need root and iproute2"
        if os.environ.get("NETMON_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    tag = uuid4().hex[:6]
    with ExitStack() as stack:
        made = tuple(Host(f"nm{tag}{name}") for name in names)
        for host in made:
            ip("netns", "add", host.name)
            stack.callback(ip, "netns", "delete", host.name)
            host.ip("link", "set", "lo", "up")
        yield made


def cable(one: tuple[Host, str], other: tuple[Host, str]) -> None:
    """Join two hosts, each named with its interface."""
    (near, near_name), (far, far_name) = one, other
    pair = ("type", "veth", "peer", far_name, "netns", far.name)
    ip("link", "add", near_name, "netns", near.name, *pair)
    near.ip("link", "set", near_name, "up")
    far.ip("link", "set", far_name, "up")


@contextmanager
def two_hosts(first_address: str, second_address: str) -> Iterator[tuple[Host, Host]]:
    """Join two hosts by a cable."""
    with hosts("a", "b") as (first, second):
        cable((first, "eth0"), (second, "eth0"))
        first.ip("addr", "add", first_address, "dev", "eth0")
        second.ip("addr", "add", second_address, "dev", "eth0")
        yield first, second


@contextmanager
def network_namespace(**sysctls: str) -> Iterator[None]:
    """Enter a host of one's own, with loopback only; sysctls as net_ipv4_x="value"."""
    with hosts("x") as (host,), host.entered():
        for name, value in sysctls.items():
            family, _, key = name.removeprefix("net_").partition("_")
            Path(f"/proc/sys/net/{family}/{key}").write_text(value)
        yield
