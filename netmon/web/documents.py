"""What the pages and the API show: one set of plain documents for both.

The text beside a field's type is its description in the API's document. None is *not known*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from netmon.model import Fault, Json, Outcome, SlotState

BitRate = Annotated[float | None, "bit/s"]
Ratio = Annotated[float | None, "a share: 1 is all"]
Seconds = Annotated[float | None, "seconds"]
Labels = Annotated[Mapping[str, str], "names and values that tell this row from others"]


@dataclass(frozen=True, slots=True)
class VerdictDocument:
    """The verdict on the site: what it is, where the fault is, what to do next."""

    state: SlotState
    fault: Fault
    sentence: str
    next_step: str
    facts: Annotated[tuple[str, ...], "what decided"]
    last_answer: Annotated[datetime | None, "when something beyond the gateway last answered"]


@dataclass(frozen=True, slots=True)
class MinuteDocument:
    """The last minute that was decided, as it is kept for evidence."""

    time: Annotated[datetime, "a moment in that minute"]
    state: SlotState
    fault: Fault
    degraded: bool | None
    sentence: str
    facts: Annotated[tuple[str, ...], "what decided when this began"]


@dataclass(frozen=True, slots=True)
class CircuitDocument:
    """A line from a supplier, as it stands now. `down` is towards the site, `up` from it."""

    id: str
    state: SlotState
    why: Annotated[str, "what the state rests on"]
    supplier: str
    supplier_ref: Annotated[str, "the supplier's reference for this line"]
    backup_of: Annotated[str, "id of the circuit that this one stands in for; empty: none"]
    wan_device: str
    wan_interface: str
    wan_status: Annotated[str | None, "ifOperStatus of the WAN port"]
    down_bits_per_second: BitRate
    up_bits_per_second: BitRate
    contracted_down_bits_per_second: BitRate
    contracted_up_bits_per_second: BitRate
    down_ratio: Ratio
    up_ratio: Ratio
    minute: Annotated[MinuteDocument | None, "what the last minute was; not known for the first one"]


@dataclass(frozen=True, slots=True)
class DeviceDocument:
    """A device that is asked by SNMP."""

    name: str
    role: str
    parent: str
    answers: Annotated[bool | None, "whether it answered when it was last asked"]
    outcome: Outcome | None
    last_answer: Annotated[datetime | None, "when it last answered"]
    uptime_seconds: Seconds
    description: Annotated[str, "hardware and system, else sysDescr; empty: not known"]
    ports_up: int
    ports: int


@dataclass(frozen=True, slots=True)
class InterfaceDocument:
    """An interface of a device; of netmon's own machine when `device` is empty."""

    device: str
    name: str
    alias: str
    description: str
    circuit: Annotated[str, "id of the circuit whose WAN port this is; empty: none"]
    admin: Annotated[str | None, "ifAdminStatus"]
    oper: Annotated[str | None, "ifOperStatus"]
    speed_bits_per_second: BitRate
    in_bits_per_second: BitRate
    out_bits_per_second: BitRate
    errors_per_second: Annotated[float | None, "damaged packets per second, both directions"]
    discards_per_second: Annotated[float | None, "good packets dropped per second, both directions"]
    age_seconds: Annotated[float, "seconds since it was read"]
    stale: Annotated[bool, "whether it was not read when it should have been; its numbers are then old"]
    key: Labels


@dataclass(frozen=True, slots=True)
class ProbeDocument:
    """One target of one probe."""

    probe: str
    kind: Annotated[str, "icmp, tcp, http, dns ..."]
    role: Annotated[str, "what the target is: gateway, anchor, resolver, service ..."]
    target: str
    circuit: str
    good: Annotated[bool | None, "whether it gave the answer that was asked for"]
    outcome: Outcome | None
    answer_seconds: Annotated[float | None, "round trip (icmp), time to the answer (others)"]
    loss_ratio: Ratio
    http_status: int | None
    last_answer: Annotated[datetime | None, "when it last answered"]
    age_seconds: Seconds
    stale: Annotated[bool, "whether it was not probed when it should have been"]
    key: Labels


@dataclass(frozen=True, slots=True)
class FactDocument:
    """A text or structure about a thing, as it holds now."""

    kind: str
    key: Labels
    values: Annotated[Mapping[str, Json], "what is known about it"]
    time: datetime


@dataclass(frozen=True, slots=True)
class EventDocument:
    """Something that happened."""

    kind: str
    key: Labels
    text: str
    time: datetime
    clock_synchronised: bool
    data: Annotated[Mapping[str, Json], "particulars"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventsDocument:
    """Events of a period, oldest first."""

    events: tuple[EventDocument, ...]
    truncated: Annotated[bool, "whether there are more: ask again from `next_from`"]
    next_from: datetime | None


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One row of a reading. Values are keyed by series name, such as `ifHCInOctets` or `x{phase="rtt"}`."""

    key: Labels
    info: Annotated[Mapping[str, str], "labels that describe the row and are not its identity"]
    texts: Annotated[Mapping[str, str], "values of info metrics"]
    outcome: Outcome
    epoch: Annotated[int, "another number than before: the row's counters started again"]
    values: Annotated[Mapping[str, int | float | None], "counters may exceed 2^53"]


@dataclass(frozen=True, slots=True)
class ReadingDocument:
    """What was measured together at one moment."""

    time: datetime
    clock_synchronised: bool
    rows: tuple[ReadingRow, ...]


@dataclass(frozen=True, slots=True)
class ReadingsDocument:
    """Readings of a period, oldest first."""

    measurement: str
    readings: tuple[ReadingDocument, ...]
    truncated: Annotated[bool, "whether there are more: ask again from `next_from`"]
    next_from: datetime | None


@dataclass(frozen=True, slots=True)
class RollupDocument:
    """Statistics of one series over one window; counters as their rate per second."""

    key: Labels
    series: Annotated[str, "name, with constant labels in braces"]
    start: datetime
    n: Annotated[int, "known values in the window"]
    minimum: float | None
    maximum: float | None
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class RollupsDocument:
    """Statistics of a period, by window."""

    measurement: str
    window_seconds: float
    rollups: tuple[RollupDocument, ...]
    truncated: Annotated[bool, "whether there are more: ask again from `next_from`"]
    next_from: datetime | None
