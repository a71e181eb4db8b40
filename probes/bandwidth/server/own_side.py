"""The server's own side of a test, so that the client need not guess what it was doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field

from netmon import sdk
from probes.bandwidth.witness import Witness, described
from probes.tcp_info import TcpFlow

_JOINED: Mapping[str, Callable[[Iterable[float]], float]] = {"rtt_seconds": max, "min_rtt_seconds": min}


@dataclass(slots=True)
class OwnSide:
    """What this end saw of one test, from its beginning to now."""

    clock: sdk.Clock
    local_address: str
    release: str
    most_bits_per_second: int = 0
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
        record = {name: value for name, value in described(state).items() if not isinstance(value, list)}
        if self.most_bits_per_second:
            record["most_bits_per_second"] = self.most_bits_per_second
        return record | {"idlest_core_ratio": state.idlest_core_ratio, "release": self.release}

    def record(self, flows: list[TcpFlow]) -> dict[str, sdk.Json]:
        """Return everything: of the connections the sums, the slowest and the fastest round trip."""
        record = self.host() | {"seconds": self.seconds, "streams": len(flows)}
        told = [asdict(flow) for flow in flows]
        for name in told[0] if told else ():
            join = _JOINED.get(name, sum)
            record[name] = join(one[name] for one in told)
        return record
