"""What is published about a path: one row per target, and one per hop of each of its flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netmon import sdk
from probes.path_hops import End, Hop, Way
from probes.path_mtu import PathMtu
from probes.path_socket import Method
from probes.timestamping import KERNEL_STAMPS

HOPS = sdk.integer(
    "netmon_path_hops", "Routers and the target: the hops of the way; absent when the target was not reached."
)
BRANCHES = sdk.integer(
    "netmon_path_branches", "Different ways that the flows of this trace took; above 1, traffic is spread."
)
LOSS_HOP = sdk.integer(
    "netmon_path_loss_hop",
    "First hop that packets are lost on the way to, of the flow that loses soonest; 0 when nothing is lost.",
)
MTU = sdk.integer(
    "netmon_path_mtu_bytes",
    "Largest IP packet that gets to the target whole; absent when it could not be told.",
)
BLACK_HOLE = sdk.state(
    "netmon_path_mtu_black_hole",
    "1 when larger packets vanish and no router says so, 0 when it is said or the own link is the limit.",
)
BLACK_HOLE_HOP = sdk.integer(
    "netmon_path_mtu_black_hole_hop", "Last hop that packets above the path's MTU reach before they vanish."
)
END = sdk.info(
    "netmon_path_end_info", "How the way ends: target, silence, refusal, loop or hop_limit.", label="end"
)
METHOD = sdk.info("netmon_path_method_info", "What the trace was made of: icmp, udp or tcp.", label="method")
PATH_METRICS = (HOPS, BRANCHES, LOSS_HOP, MTU, BLACK_HOLE, BLACK_HOLE_HOP, KERNEL_STAMPS, END, METHOD)

HOP = "path_hop"
RTT_MIN = sdk.gauge("netmon_path_hop_rtt_seconds", "Round trip to the hop.", statistic="min")
RTT_MEDIAN = sdk.gauge("netmon_path_hop_rtt_seconds", "Round trip to the hop.", statistic="p50")
RTT_MAX = sdk.gauge("netmon_path_hop_rtt_seconds", "Round trip to the hop.", statistic="max")
SENT = sdk.integer("netmon_path_hop_packets_sent", "Packets of the last trace that ended at this hop.")
ANSWERED = sdk.integer("netmon_path_hop_packets_answered", "Packets that the hop answered.")
UNANSWERED = sdk.gauge(
    "netmon_path_hop_unanswered_ratio",
    "Share of packets that the hop did not answer: routers save on answers, so this is no loss by itself.",
)
LOSS = sdk.gauge(
    "netmon_path_hop_loss_ratio",
    "Share of packets lost on the way to the hop at most: the least that this hop and all later ones lack.",
)
ADDRESS = sdk.info(
    "netmon_path_hop_info",
    "Who answered at this hop, most often first; empty when nobody did.",
    label="address",
)
STATE = sdk.info(
    "netmon_path_hop_state_info",
    "How the hop behaves: ok, lossy, limited (saves on answers, later hops lack none) or silent.",
    label="state",
)
HOP_METRICS = (RTT_MIN, RTT_MEDIAN, RTT_MAX, SENT, ANSWERED, UNANSWERED, LOSS, ADDRESS, STATE)

OUTCOMES = {
    End.TARGET: sdk.Outcome.OK,
    End.SILENCE: sdk.Outcome.TIMEOUT,
    End.REFUSAL: sdk.Outcome.UNREACHABLE,
    End.LOOP: sdk.Outcome.UNREACHABLE,
    End.HOP_LIMIT: sdk.Outcome.UNREACHABLE,
}


@dataclass(frozen=True, slots=True)
class Trace:
    """What one trace of one target found: a way per flow, and the path's MTU where it was asked for."""

    target: str
    address: str
    method: Method
    ways: tuple[Way, ...]
    mtu: PathMtu | None

    @property
    def main(self) -> Way:
        """The first flow's way, which stands for the target."""
        return self.ways[0]

    @property
    def branches(self) -> int:
        """How many different ways the flows took; a silent hop is no difference."""
        kinds: list[Way] = []
        for way in self.ways:
            if not any(_alike(way, other) for other in kinds):
                kinds.append(way)
        return len(kinds)


def _alike(one: Way, other: Way) -> bool:
    pairs = zip(one.addresses, other.addresses, strict=False)
    return len(one.hops) == len(other.hops) and all(not a or not b or set(a) & set(b) for a, b in pairs)


def path_values(trace: Trace) -> Mapping[sdk.Metric, sdk.Value]:
    """Return the row of a target."""
    hops = [hop for way in trace.ways for hop in way.hops if hop.answered]
    begins = [way.loss_begins for way in trace.ways if way.loss_begins]
    values: dict[sdk.Metric, sdk.Value] = {
        HOPS: len(trace.main.hops) if trace.main.end is End.TARGET else None,
        BRANCHES: trace.branches,
        LOSS_HOP: min(begins, default=0),
        KERNEL_STAMPS: int(all(hop.kernel for hop in hops)) if hops else None,
    }
    if trace.mtu is not None:
        values |= {MTU: trace.mtu.size_bytes, BLACK_HOLE: int(trace.mtu.black_hole)}
        values[BLACK_HOLE_HOP] = trace.mtu.last_hop
    return values


def path_texts(trace: Trace) -> Mapping[sdk.Metric, str]:
    """Return the texts of a target's row."""
    return {END: trace.main.end, METHOD: trace.method}


def hop_rows(key: sdk.Labels, ways: Sequence[Way]) -> tuple[sdk.Row, ...]:
    """Return a row per flow and hop."""
    return tuple(
        sdk.Row(
            (*key, ("flow", str(flow)), ("hop", str(hop.number))),
            texts=((ADDRESS.name, " ".join(hop.addresses)), (STATE.name, hop.state)),
        )
        for flow, way in enumerate(ways, 1)
        for hop in way.hops
    )


def hop_columns(ways: Sequence[Way]) -> tuple[list[sdk.Value], ...]:
    """Return the columns of HOP_METRICS for these rows."""
    rows = [_cells(hop) for way in ways for hop in way.hops]
    return tuple([row[metric] for row in rows] for metric in HOP_METRICS)


def _cells(hop: Hop) -> Mapping[sdk.Metric, sdk.Value]:
    return {
        RTT_MIN: min(hop.trips_seconds, default=None),
        RTT_MEDIAN: hop.median_seconds,
        RTT_MAX: max(hop.trips_seconds, default=None),
        SENT: hop.sent,
        ANSWERED: hop.answered,
        UNANSWERED: hop.unanswered_ratio,
        LOSS: hop.loss_ratio,
        ADDRESS: 1,
        STATE: 1,
    }
