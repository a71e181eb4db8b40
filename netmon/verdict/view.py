"""What the verdict is decided from: targets by role, devices and circuits, as they stand now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from netmon.clock import Clock
from netmon.latest import Latest, LatestRow
from netmon.model.derived import RUN
from netmon.model.outcome import Outcome
from netmon.model.record import Value

ANSWERED = frozenset(
    {
        Outcome.OK,
        Outcome.PARTIAL,
        Outcome.REJECTED,
        Outcome.DENIED,
        Outcome.GARBLED,
    }
)
NOT_ASKED = frozenset({Outcome.UNSUPPORTED, Outcome.BUSY, Outcome.BROKEN, Outcome.UNRESOLVED})
_OWN_EVERY_SECONDS = 30.0
_STALE_INTERVALS = 3.0
_STALE_FLOOR_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class WatchedProbe:
    """A configured probe: what it is for, and how often it runs."""

    name: str
    kind: str
    role: str
    every_seconds: float
    circuit: str = ""
    timeout_seconds: float = 5.0
    outside_of: str = ""
    """Id of another site whose circuits this probe looks at from outside; empty: it is about this one."""


@dataclass(frozen=True, slots=True)
class WatchedDevice:
    """A configured device, and the names of the collectors that read it."""

    name: str
    role: str
    every_seconds: float
    parent: str = ""
    sources: tuple[str, ...] = ()
    address: str = ""
    """Where it is asked: an address or a host name, with `:port` when that is not 161."""


@dataclass(frozen=True, slots=True)
class WatchedCircuit:
    """A configured circuit; rates in bit/s, None: not given."""

    id: str
    supplier: str = ""
    supplier_ref: str = ""
    down_bits_per_second: int | None = None
    up_bits_per_second: int | None = None
    wan_device: str = ""
    wan_interface: str = ""
    backup_of: str = ""
    by_interface: bool = False
    """Its probes leave by an interface of this machine: no router can send them another way."""
    egress: tuple[str, ...] = ()
    """Public networks that its packets come from; empty: not told."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What netmon was told, or found out, to look at."""

    site: str
    site_name: str
    near: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks that this machine is itself part of: what answers from there proves no line."""
    probes: Mapping[str, WatchedProbe] = field(default_factory=dict)
    devices: Mapping[str, WatchedDevice] = field(default_factory=dict)
    circuits: Mapping[str, WatchedCircuit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetState:
    """How one target of one probe stands.

    `known`: it was asked recently. `good`: it gave what was asked for; None when not known. `answered`:
    something came from it, so that the way there works; None when that cannot be told: not known, or a
    refusal, which a router on the way can send in its name.
    """

    probe: WatchedProbe
    target: str
    known: bool
    good: bool | None
    answered: bool | None
    outcome: Outcome | None
    age_seconds: float | None


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How one device stands. `answers` is None when nothing recent is known."""

    device: WatchedDevice
    answers: bool | None


def stale_seconds(every_seconds: float) -> float:
    """Return the age from which a reading of something polled this often counts as not known."""
    return max(_STALE_FLOOR_SECONDS, _STALE_INTERVALS * every_seconds)


class View:
    """Looks at the latest values with the configuration's eyes; stale readings count as not known."""

    def __init__(self, watch: Watch, latest: Latest, clock: Clock) -> None:
        self.watch = watch
        self.latest = latest
        self._clock = clock

    def age_seconds(self, row: LatestRow) -> float:
        """Return how old a row's reading is."""
        return (self._clock.boottime_ns() - row.reading.stamp.boottime_ns) / 1e9

    def targets(self, *roles: str) -> list[TargetState]:
        """Return the targets of all probes with one of these roles (none given: of all probes)."""
        return [
            state
            for probe in self.watch.probes.values()
            if (not roles or probe.role in roles) and not (roles and probe.outside_of)
            for state in self._of_probe(probe)
        ]

    def _of_probe(self, probe: WatchedProbe) -> Iterator[TargetState]:
        for row in self.latest.rows(probe.kind, (("probe", probe.name),)):
            age = self.age_seconds(row)
            outcome = row.reading.outcomes[row.at]
            known = age <= stale_seconds(probe.every_seconds) and outcome not in NOT_ASKED
            good = outcome is Outcome.OK if known else None
            answered = self._answered(probe, outcome) if known else None
            yield TargetState(probe, row.label("target"), known, good, answered, outcome, age)

    @staticmethod
    def _answered(probe: WatchedProbe, outcome: Outcome) -> bool | None:
        if outcome is Outcome.REFUSED:
            # The router itself can refuse; beyond it, it can do so for others.
            return True if probe.role in ("gateway", "cpe") else None
        return outcome in ANSWERED

    def devices(self) -> list[DeviceState]:
        """Return all configured devices."""
        return [self.device(device) for device in self.watch.devices.values()]

    def device(self, device: WatchedDevice) -> DeviceState:
        """Return one of them."""
        return DeviceState(device, self._answers(device))

    def _answers(self, device: WatchedDevice) -> bool | None:
        """Tell what the last runs say: what a collector that runs rarely heard before them is over."""
        asked = [
            (self.age_seconds(row), outcome)
            for row in self.latest.rows(RUN, (("target", device.name),))
            if row.label("source") in device.sources
            and (outcome := row.reading.outcomes[row.at]) not in NOT_ASKED
        ]
        newest = min((age for age, _ in asked), default=None)
        if newest is None or newest > stale_seconds(device.every_seconds):
            return None
        return any(o in ANSWERED for age, o in asked if age <= newest + device.every_seconds / 2)

    def own_carriers(self) -> list[Value]:
        """Return the carrier of each of this machine's interfaces that is switched on: 1, 0 or not known."""
        return [
            row.value("netmon_host_network_carrier")
            for row in self.latest.rows("host_interface")
            if self.age_seconds(row) <= stale_seconds(_OWN_EVERY_SECONDS)
        ]

    def wan_port(self, circuit: WatchedCircuit) -> LatestRow | None:
        """Return the row of a circuit's WAN port, when its device was polled recently."""
        device = self.watch.devices.get(circuit.wan_device)
        if device is None:
            return None
        for row in self.latest.rows(
            "interface", (("device", device.name), ("ifName", circuit.wan_interface))
        ):
            if self.age_seconds(row) <= stale_seconds(device.every_seconds):
                return row
        return None
