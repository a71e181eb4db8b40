"""What is known of a test when it is asked what limited it, and the answer. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from probes.bandwidth.commission.token_bucket import Bucket
from probes.bandwidth.far_flow import far_flow
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Direction, Flow, Measured
from probes.bandwidth.witness import HostState


class LimitedBy(StrEnum):
    """Who held the rate where it was."""

    CIRCUIT = "circuit"
    HOST_CPU = "host_cpu"
    NIC = "nic"
    WIFI = "wifi"
    SERVER = "server"
    CROSS_TRAFFIC = "cross_traffic"
    POLICY = "policy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one test; None: not known. `cross_bits_per_second` is what else the line carried.

    `ceiling_bits_per_second` is what this instrument carried to itself by this method when it was
    commissioned (TCP), `bucket` the token bucket that was learned then, or met in this test (IP).
    """

    direction: Direction
    measured: Measured
    host: HostState
    contracted_bits_per_second: int | None = None
    contracted_layer: Layer = Layer.L2
    cross_bits_per_second: float | None = None
    ceiling_bits_per_second: float | None = None
    bucket: Bucket | None = None

    @property
    def sender(self) -> Flow | None:
        """Return the sender's own account: ours up, the far end's down."""
        if self.direction is Direction.UP:
            return self.measured.flow
        return far_flow(self.measured.far_record)

    def far_number(self, name: str) -> float | None:
        """Return a number that the far end told of itself."""
        value = self.measured.far_record.get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@dataclass(frozen=True, slots=True)
class Finding:
    """Who, and why in words with the figures."""

    limited_by: LimitedBy
    reason: str


Rule = Callable[[Evidence], Finding | None]
