"""`[[device]]` and `[[probe]]`: what is watched, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, JsonValue

from netmon.config.section import Problem, Section
from netmon.config.values import DeviceAddress, Every, Name, Target, Timeout, Words

DeviceRole = Literal[
    "router", "firewall", "switch", "access_point", "controller", "modem", "ups", "pdu", "server", "printer",
    "sensor", "other",
]  # fmt: skip
ProbeRole = Literal["gateway", "cpe", "first_hop", "anchor", "service", "resolver"]

DEFAULT_COLLECT = (
    "system", "interfaces", "resources", "sensors", "power", "neighbours", "inventory", "addresses", "vlans",
    "wireless",
)  # fmt: skip
"""Everything that devices tell; who lacks something is asked for it once an hour."""
_DEVICE_TIMEOUT_SECONDS = 10.0
_PROBE_TIMEOUT_SECONDS = 5.0

Table = dict[str, JsonValue]


def _timeout_mistakes(timeout_seconds: float | None, every_seconds: float) -> Iterator[Problem]:
    if timeout_seconds is not None and timeout_seconds >= every_seconds:
        yield Problem(
            "timeout",
            f"{timeout_seconds:g} s is not shorter than every, {every_seconds:g} s",
            "one run must end before the next one begins",
        )


def _repeated(key: str, values: tuple[str, ...]) -> Iterator[Problem]:
    for place, value in enumerate(values):
        if value in values[:place]:
            yield Problem(f"{key}[{place + 1}]", f'"{value}" is listed twice', "remove one")


class DeviceSection(Section):
    """A device that is asked by SNMP."""

    name: Name = Field(description="name of the device, on its series; never change it")
    address: DeviceAddress = Field(description="address or host name; with :port when it is not 161")
    credential: Name = Field(description="NAME of the [credential.NAME] to ask with")
    every_seconds: Every = Field(30.0, alias="every", description="how often it is asked")
    collect: tuple[Name, ...] = Field(
        DEFAULT_COLLECT, min_length=1, description="what is read, by collectors' names"
    )
    role: DeviceRole | None = Field(None, description="what it is: router, switch, ups ...")
    parent: Name | None = Field(None, description="name of the device it is connected through")
    timeout_seconds: Timeout | None = Field(
        None, alias="timeout", description="longest time for one read; without it: 10s, or half of every"
    )
    other_source: bool = Field(False, description="accept replies from another address than the one asked")
    settings: dict[str, Table] = Field({}, description="settings of collectors, by collector's name")

    @property
    def deadline_seconds(self) -> float:
        """Longest time for one read."""
        return self.timeout_seconds or min(self.every_seconds / 2, _DEVICE_TIMEOUT_SECONDS)

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        yield from _timeout_mistakes(self.timeout_seconds, self.every_seconds)
        yield from _repeated("collect", self.collect)
        for collector in self.settings:
            if collector not in self.collect:
                yield Problem(
                    f"settings.{collector}", f'"{collector}" is not in collect', "add it, or remove these"
                )


class ProbeSection(Section):
    """Something that is sent, to some targets, regularly."""

    given_name: Name = Field(
        "", alias="name", description="name of the probe, on its series; without it: its type"
    )
    type: Name = Field(description="what is sent: icmp, tcp, http, dns ...")
    targets: tuple[Target, ...] = Field(
        min_length=1, description="where to: addresses, names or URLs, as the type needs"
    )
    role: ProbeRole | None = Field(None, description="what the targets are, to tell where a fault is")
    circuit: Name | None = Field(None, description="id of the circuit that the probe must leave by")
    outside_of: Name | None = Field(
        None, description="id of another site, which this probe looks at from outside"
    )
    supplier: Words = Field("", description="who sells the line of the site that outside_of names")
    every_seconds: Every = Field(10.0, alias="every", description="how often each target is probed")
    timeout_seconds: Timeout | None = Field(
        None,
        alias="timeout",
        description="longest wait for an answer; without it: what its type takes, or half of every",
    )
    settings: Table = Field({}, description="settings of this type of probe")

    @property
    def name(self) -> str:
        """Name of the probe, unique among probes."""
        return self.given_name or self.type

    @property
    def deadline_seconds(self) -> float:
        """Longest wait for one answer."""
        return self.timeout_seconds or min(self.every_seconds / 2, _PROBE_TIMEOUT_SECONDS)

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        yield from _timeout_mistakes(self.timeout_seconds, self.every_seconds)
        yield from _repeated("targets", self.targets)
        if self.outside_of is not None and (self.role or self.circuit):
            key = "role" if self.role else "circuit"
            yield Problem(
                key, "does not go with outside_of", "its targets are another site's, not this one's"
            )
        if self.supplier and self.outside_of is None:
            yield Problem("supplier", "goes with outside_of only", "a [[circuit]] names its own supplier")
