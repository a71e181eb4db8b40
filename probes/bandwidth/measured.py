"""What a method is asked for, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from netmon import sdk
from probes.bandwidth.curve import Curve
from probes.bandwidth.layers import Layer, PacketShape
from probes.bandwidth.meter import Meter


class Direction(StrEnum):
    """Towards the site, or from it."""

    DOWN = "down"
    UP = "up"


class Stop(StrEnum):
    """Why a test ended."""

    STEADY = "steady"
    """The rate did not change any more."""
    TIME = "time"
    BYTES = "bytes"
    """What it may cost was spent."""
    FAR_END = "far_end"
    """The far end had enough, or was lost."""
    DONE = "done"
    """It had what it needed."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One direction of one test, with its hard end; `until_steady` ends it earlier."""

    direction: Direction
    seconds: float
    streams: int
    until_steady: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """All connections together: what held their sender back, as shares of its time; None: not told."""

    streams: int
    retransmitted_ratio: float | None
    min_rtt_seconds: float
    rtt_seconds: float
    busy_ratio: float | None
    window_limited_ratio: float | None
    buffer_limited_ratio: float | None


@dataclass(frozen=True, slots=True)
class Depth:
    """The longest wait (s) seen in a queue; `full` when it overflowed, so that it is the buffer's size."""

    seconds: float
    full: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """What one test of one direction found.

    The rate is None when nothing came. `peak` says that a token bucket may have been emptied, not the
    line measured. `far_record` is the far end's own side, with the same names where it is a netmon.
    """

    bits_per_second: float | None
    layer: Layer
    packet: PacketShape
    seconds: float
    stop: Stop
    curve: Curve | None = None
    flow: Flow | None = None
    far_record: Mapping[str, sdk.Json] = field(default_factory=dict)
    peak: bool = False
    uncertainty_ratio: float | None = None
    server: str = ""
    local_address: str = ""
    depth: Depth | None = None
    details: Mapping[str, sdk.Json] = field(default_factory=dict)
    trace: Sequence[Sequence[float]] = ()
    """Rows of seconds since the test began, and this end's TCP_INFO then (`connections.TRACED`)."""

    def rate(self, layer: Layer) -> float | None:
        """Return the rate in bit/s of a layer."""
        rate = self.bits_per_second
        return None if rate is None else self.packet.convert(rate, self.layer, layer)


class Method(Protocol):
    """One way of testing; an object serves one target for one run of the probe."""

    async def run(self, ask: Ask, meter: Meter) -> Measured:
        """Test one direction. SourceError when there is nothing to tell, with the reason."""
