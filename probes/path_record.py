"""What is remembered of a target's path from trace to trace: facts and changes to publish."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from netmon import sdk
from probes.path_change import Addresses, Change, WayMemory
from probes.path_hops import Way
from probes.path_metrics import Trace
from probes.path_mtu import PathMtu

FACT, EVENT = "path", "path_change"


@dataclass(slots=True)
class PathMemory:
    """The ways to one address, its MTU, and the fact that was published last."""

    address: str
    _ways: dict[int, WayMemory] = field(default_factory=dict)
    _mtu: PathMtu | None = None
    _published: Mapping[str, sdk.Json] | None = None

    def records(
        self, trace: Trace, key: sdk.Labels, stamp: sdk.Stamp, now_seconds: float
    ) -> Iterator[sdk.Record]:
        """Take a trace; yield an event for each way that changed, and the fact if it is another."""
        self._mtu = trace.mtu or self._mtu
        for number, way in enumerate(trace.ways, 1):
            memory = self._ways.setdefault(number, WayMemory())
            change = memory.see(way, now_seconds)
            if change is not None:
                yield _event(trace, number, change, key, stamp)
        values = self._values(trace)
        if values != self._published:
            self._published = values
            yield sdk.Fact(FACT, key, values, stamp)

    def _values(self, trace: Trace) -> Mapping[str, sdk.Json]:
        flows = [self._filled(number, way) for number, way in enumerate(trace.ways, 1)]
        values: dict[str, sdk.Json] = {
            "address": trace.address,
            "method": trace.method.value,
            "end": trace.main.end.value,
            "flows": [_json(hops) for hops in flows],
        }
        if self._mtu is not None:
            values["mtu_bytes"] = self._mtu.size_bytes
            values["mtu_black_hole"] = self._mtu.black_hole
        return values

    def _filled(self, number: int, way: Way) -> Addresses:
        """Return a way with what earlier traces know of hops that are silent now, or answer in turn."""
        settled = self._ways[number].settled
        known = settled.hops if settled is not None else ()
        pairs = list(zip_longest(way.addresses, known, fillvalue=()))[: len(way.hops)]
        if any(one and two and not set(one) & set(two) for one, two in pairs):
            return way.addresses  # another way, which nobody has confirmed yet
        return tuple(two or one for one, two in pairs)


def _event(trace: Trace, flow: int, change: Change, key: sdk.Labels, stamp: sdk.Stamp) -> sdk.Event:
    data: dict[str, sdk.Json] = {
        "flow": flow,
        "old": _json(change.old.hops),
        "new": _json(change.new.hops),
        "earlier_in_hour": change.earlier_in_hour,
    }
    return sdk.Event(EVENT, key, f"the way to {trace.target} {difference(change)}", stamp, data)


def difference(change: Change) -> str:
    """Say in words where a new way parts from the old one."""
    pairs = zip_longest(change.old.hops, change.new.hops, fillvalue=("nobody",))
    for number, (old, new) in enumerate(pairs, 1):
        if old and new and not set(old) & set(new):
            return f"changed at hop {number}: {' '.join(new)} instead of {' '.join(old)}"
    return "changed"


def _json(hops: Addresses) -> sdk.Json:
    return [list(addresses) for addresses in hops]
