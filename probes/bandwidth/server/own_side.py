"""The server's own side of a test, so that the client need not guess what it was doing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from netmon import sdk
from probes.bandwidth.witness import Witness, described
from probes.tcp_info import TcpFlow


@dataclass(slots=True)
class OwnSide:
    """What this end saw of one test, from its beginning to now."""

    clock: sdk.Clock
    local_address: str
    release: str
    began: float = field(init=False)
    _witness: Witness = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock.monotonic()
        self._witness = Witness()

    @property
    def seconds(self) -> float:
        """Return how long the test has run."""
        return self.clock.monotonic() - self.began

    def host(self) -> dict[str, sdk.Json]:
        """Return processors and card, one number for all cores."""
        state = self._witness.state(self.local_address)
        record = {name: value for name, value in described(state).items() if name != "core_busy_ratios"}
        return record | {"busiest_core_ratio": state.busiest_core_ratio, "release": self.release}

    def record(self, flows: list[TcpFlow]) -> dict[str, sdk.Json]:
        """Return everything, the connections summed up."""
        record = self.host() | {"seconds": self.seconds, "streams": len(flows)}
        for flow in flows:
            for name, value in asdict(flow).items():
                known = record.get(name, 0)
                if isinstance(known, int | float):
                    record[name] = known + value
        return record
