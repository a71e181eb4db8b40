"""A network of four hops in namespaces, and a path probe in it that runs as an ordinary user.

source - r1 - r2a - r3 - target        r1 spreads flows over r2a and r2b
            \\ r2b /
"""

from __future__ import annotations

import asyncio
import encodings.ascii
import encodings.idna  # noqa: F401 - both loaded while there is still a right to read them
import os
import pickle
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from fakes.context import make_context
from fakes.namespaces import Host, cable, hosts

from netmon import sdk
from probes.path import PathProbe
from probes.path_metrics import HOP

NOBODY = 65_534
LINKS = {
    1: ("source", "r1"),
    2: ("r1", "r2a"),
    3: ("r1", "r2b"),
    4: ("r2a", "r3"),
    5: ("r2b", "r3"),
    6: ("r3", "target"),
}
TARGET = {4: "10.0.6.2", 6: "fd00:6::2"}
R1 = {4: "10.0.1.1", 6: "fd00:1::1"}
R2A, R2B = {4: "10.0.2.2", 6: "fd00:2::2"}, {4: "10.0.3.2", 6: "fd00:3::2"}
R3 = {4: "10.0.4.2", 6: "fd00:4::2"}


@dataclass
class Network:
    """The hosts by name."""

    host: dict[str, Host] = field(default_factory=dict)

    def nft(self, name: str, *rules: str) -> None:
        """Give a host packet filter rules, each "HOOK RULE", instead of those it had."""
        chains = {}
        for rule in rules:
            hook, _, text = rule.partition(" ")
            chains.setdefault(hook, []).append(text)
        script = "flush ruleset\ntable inet t {\n"
        for hook, texts in chains.items():
            script += f"chain {hook} {{ type filter hook {hook} priority 0;\n" + "\n".join(texts) + "\n}\n"
        done = self.host[name].run("nft", script + "}")
        assert done.returncode == 0, done.stderr

    def reset(self) -> None:
        """Undo what a test did: all goes by r2a, whole and unfiltered."""
        for name in self.host:
            self.nft(name)
        for link in LINKS:
            self.mtu(link, 1500)
        for version in (4, 6):
            self.route(version, "r2a")
            self.host["r3"].ip(f"-{version}", "route", "replace", network(version, 6), "dev", "eth6")

    def route(self, version: int, *routers: str) -> None:
        """Send what r1 has for the target by these."""
        ways = {"r2a": R2A, "r2b": R2B}
        via = [["nexthop", "via", ways[router][version]] for router in routers]
        words = via[0][1:] if len(via) == 1 else [word for one in via for word in one]
        self.host["r1"].ip(f"-{version}", "route", "replace", network(version, 6), *words)

    def mtu(self, link: int, size_bytes: int) -> None:
        """Set the MTU at both ends of a link."""
        for name in LINKS[link]:
            self.host[name].ip("link", "set", f"eth{link}", "mtu", str(size_bytes))


def network(version: int, link: int) -> str:
    return f"10.0.{link}.0/24" if version == 4 else f"fd00:{link}::/64"


def address(version: int, link: int, end: int) -> str:
    return f"10.0.{link}.{end}" if version == 4 else f"fd00:{link}::{end}"


@contextmanager
def four_hops() -> Iterator[Network]:
    """Build the network; nothing is lost in it, and nobody limits answers."""
    names = ("source", "r1", "r2a", "r2b", "r3", "target")
    with hosts(*names) as made:
        built = Network(dict(zip(names, made, strict=True)))
        for host in made:
            _set(host)
        for link, (near, far) in LINKS.items():
            cable((built.host[near], f"eth{link}"), (built.host[far], f"eth{link}"))
            for version in (4, 6):
                _address(built, version, link, near, far)
        for version in (4, 6):
            _routes(built, version)
        built.reset()
        yield built


def _set(host: Host) -> None:
    settings = {
        "net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1", "net.ipv4.conf.all.rp_filter": "0",
        "net.ipv4.icmp_ratelimit": "0", "net.ipv6.icmp.ratelimit": "0",
        # By addresses, protocol and ports. Policy 1 means the same, but takes a hash that the packet has from
        # its sender's socket if there is one: between veths that is so for TCP, and never with a real wire.
        "net.ipv4.fib_multipath_hash_policy": "3", "net.ipv6.fib_multipath_hash_policy": "3",
        "net.ipv4.fib_multipath_hash_fields": "55", "net.ipv6.fib_multipath_hash_fields": "55",
        "net.ipv4.ping_group_range": "0 2147483647",
    }  # fmt: skip
    done = host.run("sysctl", "-w", *(f"{key}={value}" for key, value in settings.items()))
    assert done.returncode == 0, done.stderr


def _address(built: Network, version: int, link: int, near: str, far: str) -> None:
    length, quick = ("24", ()) if version == 4 else ("64", ("nodad",))
    for end, name in enumerate((near, far), 1):
        own = address(version, link, 3 - end if link == 1 else end)
        built.host[name].ip("addr", "add", f"{own}/{length}", "dev", f"eth{link}", *quick)


def _routes(built: Network, version: int) -> None:
    for name, wanted, via in (
        ("source", "default", R1[version]),
        ("r2a", "default", address(version, 2, 1)),
        ("r2b", "default", address(version, 3, 1)),
        ("r2a", network(version, 6), R3[version]),
        ("r2b", network(version, 6), address(version, 5, 2)),
        ("r3", "default", address(version, 4, 1)),
        ("target", "default", address(version, 6, 1)),
    ):
        built.host[name].ip(f"-{version}", "route", "add", wanted, "via", via)


@dataclass
class Found:
    """What one run published: the target's row, the hops' rows, facts, events, and the story it told."""

    outcome: str
    path: dict[str, object]
    hops: dict[tuple[int, int], dict[str, object]]
    facts: list[dict[str, object]]
    events: list[dict[str, object]]
    story: list[str]

    def hop(self, number: int, flow: int = 1) -> dict[str, object]:
        return self.hops[flow, number]

    def addresses(self, flow: int = 1) -> list[object]:
        return [row["address"] for (of, _number), row in sorted(self.hops.items()) if of == flow]


class Tracing:
    """A path probe on a host, in a process without any privilege."""

    def __init__(self, host: Host, target: str, timeout_seconds: float, settings: dict[str, object]) -> None:
        self._ours, theirs = Pipe()
        self._child = os.fork()
        if self._child == 0:
            self._ours.close()
            _serve(host, theirs, target, timeout_seconds, settings)
        theirs.close()

    def read(self) -> Found:
        """Trace once."""
        self._ours.send(b"read")
        assert self._ours.poll(40), "the probe does not end"
        found = pickle.loads(self._ours.recv_bytes())
        if isinstance(found, str):
            pytest.fail(found)
        return found

    def close(self) -> None:
        self._ours.close()
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)


@contextmanager
def tracing(built: Network, version: int = 4, timeout_seconds: float = 8.0, **settings) -> Iterator[Tracing]:
    quick = {"wait": "300ms", "spacing": "50ms"}
    probe = Tracing(built.host["source"], TARGET[version], timeout_seconds, quick | settings)
    with ExitStack() as stack:
        stack.callback(probe.close)
        yield probe


def _serve(
    host: Host, pipe: Connection, target: str, timeout_seconds: float, settings: dict[str, object]
) -> None:
    """Enter the host, give up all rights, and trace whenever asked; never returns."""
    try:
        entered = host.entered()
        entered.__enter__()  # and never left: that would take the rights that are given up here
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        assert "CapEff:\t0000000000000000" in Path("/proc/self/status").read_text()
        asyncio.run(_answer(pipe, target, timeout_seconds, settings))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test must see it
        pipe.send_bytes(pickle.dumps(repr(error)))
    finally:
        os._exit(0)


async def _answer(pipe: Connection, target: str, timeout_seconds: float, settings: dict[str, object]) -> None:
    story: list[str] = []
    context = make_context(trace=story.append)
    assignment = sdk.Assignment("ways", (target,), 60.0, timeout_seconds)
    probe = PathProbe(assignment, PathProbe.settings_type(**settings))
    await probe.open(context)
    while True:
        try:
            await asyncio.to_thread(pipe.recv)
        except EOFError:
            return
        story.clear()
        records = await probe.read()
        pipe.send_bytes(pickle.dumps(_found(records, list(story))))


def _found(records, story) -> Found:
    path, *others = records
    hops = [
        record for record in others if isinstance(record, sdk.Reading) and record.shape.measurement == HOP
    ]
    rows = [row for reading in hops for row in _rows(reading)]
    return Found(
        str(path.outcomes[0]),
        _rows(path)[0],
        {(int(row["flow"]), int(row["hop"])): row for row in rows},
        [dict(record.values) for record in others if isinstance(record, sdk.Fact)],
        [{"kind": r.kind, "text": r.text, **r.data} for r in others if isinstance(r, sdk.Event)],
        story,
    )


def _rows(reading: sdk.Reading) -> list[dict[str, object]]:
    rows = []
    for at, row in enumerate(reading.shape.rows):
        found: dict[str, object] = dict(row.key)
        texts = dict(row.texts)
        for metric, column in zip(reading.shape.metrics, reading.columns, strict=True):
            name = metric.name.removeprefix("netmon_path_").removeprefix("hop_").removesuffix("_info")
            statistic = dict(metric.labels).get("statistic")
            label = metric.text_label if metric.kind is sdk.Kind.INFO else name
            found[f"{label} {statistic}" if statistic else label] = texts.get(metric.name, column[at])
        rows.append(found)
    return rows
