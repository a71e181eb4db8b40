"""What is known of one circuit, or of the site, in one minute: all that the rules may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netmon.model import SlotState, Value
from netmon.verdict.port import PortMinute
from netmon.verdict.tally import Tally, percentile
from netmon.verdict.view import WatchedCircuit


@dataclass(frozen=True, slots=True)
class Hop:
    """The first router beyond the site's own, as a path trace saw it."""

    address: str
    answers: bool


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Large packets vanish behind this hop."""

    hop: int
    mtu_bytes: Value


@dataclass(frozen=True, slots=True)
class Scene:
    """A minute. What nobody told is empty or None, and no rule takes it for anything else."""

    circuit: WatchedCircuit | None
    """None: the site as a whole."""
    gateways: Sequence[Tally] = ()
    cpes: Sequence[Tally] = ()
    first_hops: Sequence[Tally] = ()
    anchors: Sequence[Tally] = ()
    services: Sequence[Tally] = ()
    local_services: Sequence[Tally] = ()
    """Those on the site's own network, which prove no line."""
    resolvers: Sequence[Tally] = ()
    far_resolvers: Sequence[Tally] = ()
    """Those of them that are not on the site's own network."""
    ports: Sequence[PortMinute] = ()
    """WAN port of the circuit; of all circuits for the site."""
    hop: Hop | None = None
    black_hole: BlackHole | None = None
    directions: str = ""
    """Loss by direction in words, where somebody measures it."""
    restarted: Sequence[str] = ()
    """Routers that restarted."""
    devices: Mapping[str, bool] = field(default_factory=dict)
    """Whether each device answered; left out when it was not asked."""
    routers: Sequence[str] = ()
    """Names of the devices that WAN ports belong to."""
    access_points: Sequence[str] = ()
    carrier: bool | None = None
    """Whether this machine had a link; None: not known."""
    on_battery: Sequence[str] = ()
    """UPSs that ran on their batteries."""
    outside: SlotState | None = None
    others_up: bool = False
    """Whether another circuit of the site was up: the way to the router then works."""
    cut: Sequence[tuple[str, str]] = ()
    """For the site: circuits that are down, and where their fault is."""
    usual_seconds: Mapping[str, float] = field(default_factory=dict)
    """By target of an anchor or first hop: its usual round trip."""
    anything_said: bool = True
    """Whether netmon read anything at all in this minute."""

    @property
    def witnesses(self) -> list[Tally]:
        """What proves that the circuit carries packets, when it answers as asked."""
        return [*self.anchors, *self.services]

    @property
    def beyond(self) -> list[Tally]:
        """Everything behind the line, apart from the supplier's own router."""
        return [*self.witnesses, *self.far_resolvers]

    @property
    def best(self) -> Tally | None:
        """The anchor (or service, where there is none) that lost least, and was quickest."""
        good = [t for t in self.anchors if t.good] or [t for t in self.services if t.good]
        return min(good, key=_badness, default=None)

    @property
    def busy_ratio(self) -> float | None:
        """Use of the circuit against the contracted rate, of the fuller direction."""
        used = [ratio for ratio in use(self) if ratio is not None]
        return max(used, default=None)


def use(scene: Scene) -> tuple[float | None, float | None]:
    """Return the use of the circuit towards the site and from it, as shares of the contracted rates."""
    circuit = scene.circuit
    if circuit is None or not scene.ports:
        return None, None
    port = scene.ports[0]
    return (
        _share(port.in_bits_per_second, circuit.down_bits_per_second),
        _share(port.out_bits_per_second, circuit.up_bits_per_second),
    )


def _share(bits_per_second: float | None, contracted: int | None) -> float | None:
    return None if bits_per_second is None or not contracted else bits_per_second / contracted


def _badness(tally: Tally) -> tuple[float, float]:
    loss, middle = tally.loss_ratio, percentile(tally.trips_seconds, 0.5)
    return 1.0 if loss is None else loss, float("inf") if middle is None else middle
