"""The first router beyond the site's own, found in what path traces say."""

from __future__ import annotations

from netmon.latest import LatestRow
from netmon.model import Reading
from netmon.verdict.book import Book
from netmon.verdict.evidence import is_near
from netmon.verdict.sample import TargetKey
from netmon.verdict.scene import Hop
from netmon.verdict.slots import Slot
from netmon.verdict.view import WatchedCircuit

_ADDRESS, _ANSWERED = "netmon_path_hop_info", "netmon_path_hop_packets_answered"


class FirstHops:
    """Remembers which hop it was, since on a dead line it has no address."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[TargetKey, tuple[str, str]] = {}
        """Number and address of the hop, by the target of the trace."""

    def of(self, slot: Slot, circuit: WatchedCircuit | None) -> Hop | None:
        """Return how it stood in a slot; None when no trace tells."""
        found = [
            hop
            for key, traces in self._book.hops.items()
            for reading in traces.within(slot)
            if self._counts(reading, circuit) and (hop := self._hop(key, reading)) is not None
        ]
        return next((hop for hop in found if hop.answers), found[-1] if found else None)

    def _counts(self, reading: Reading, circuit: WatchedCircuit | None) -> bool:
        label = dict(reading.shape.rows[0].key).get("circuit", "")
        only = len(self._book.watch.circuits) == 1
        return circuit is None or label == circuit.id or (not label and only)

    def _hop(self, key: TargetKey, reading: Reading) -> Hop | None:
        rows = [LatestRow(row, at, reading) for at, row in enumerate(reading.shape.rows)]
        rows = [row for row in rows if row.label("flow") in ("", "1")]
        near, gateways = self._book.watch.near, self._gateways()
        for row in rows:
            address = row.label(_ADDRESS).split(" ")[0]
            if address and not is_near(address, near) and address not in gateways:
                if address != key.target:
                    self._known.setdefault(key, (row.label("hop"), address))
                break
        if key not in self._known:
            return None
        number, address = self._known[key]
        answered = [row.value(_ANSWERED) for row in rows if row.label("hop") == number]
        return Hop(address, answers=any(answered))

    def _gateways(self) -> set[str]:
        roles = {name: probe.role for name, probe in self._book.watch.probes.items()}
        return {key.target for key in self._book.samples if roles.get(key.probe) in ("gateway", "cpe")}
