"""Which circuit carried a sample: proven, or not known."""

from __future__ import annotations

from netmon.verdict.book import Book
from netmon.verdict.port import PortLook, grown_octets
from netmon.verdict.sample import Sample
from netmon.verdict.timeline import Timeline

UNPROVEN = ""
_SMALLEST_PACKET_OCTETS = 28  # an IPv4 header and an ICMP or UDP one


class Carriers:
    """Tells carriers by binding, egress address and WAN counters, in that order; nothing is guessed."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._circuits = book.watch.circuits
        self._only = next(iter(self._circuits)) if len(self._circuits) == 1 else None
        self._own: dict[tuple[int, int], int] = {}
        """Octets of our own between two polls, which are the same for every sample between them."""

    def of(self, at_ns: int, sample: Sample) -> str:
        """Return the id of the circuit that carried a sample; empty: not proven."""
        if self._only is not None:
            return self._only
        if sample.circuit:
            return self._bound(at_ns, sample.circuit)
        before, after = self._neighbours("", at_ns)
        if before is not None and before == after:
            return before
        return self._by_counters(at_ns, sample)

    def _bound(self, at_ns: int, name: str) -> str:
        """Trust a binding, unless the address that the packets come from shows another way."""
        circuit = self._circuits.get(name)
        if circuit is None:
            return UNPROVEN
        if circuit.by_interface or not circuit.egress:
            return name
        seen = {told for told in self._neighbours(name, at_ns) if told is not None} or {name}
        return seen.pop() if len(seen) == 1 else UNPROVEN

    def _neighbours(self, source: str, at_ns: int) -> tuple[str | None, str | None]:
        """Return what the egress address showed before and after a moment."""
        told = self._book.egress.get(source)
        return (None, None) if told is None else (told.before(at_ns), told.after(at_ns))

    def _by_counters(self, at_ns: int, sample: Sample) -> str:
        """Return the one circuit that is left when no other's port can have carried an answer."""
        if not sample.received:
            return UNPROVEN
        left = [name for name in self._circuits if not self._cannot(name, at_ns)]
        return left[0] if len(left) == 1 and len(self._circuits) > 1 else UNPROVEN

    def _cannot(self, name: str, at_ns: int) -> bool:
        """Tell whether a WAN port was down around a moment, or counted less than our own packets."""
        looks = self._book.ports.get(name)
        before = None if looks is None else looks.before(at_ns)
        after = None if looks is None else looks.after(at_ns)
        if before is None or after is None:
            return False
        if before.down and after.down:
            return True
        grown = grown_octets(before, after, incoming=True)
        return grown is not None and grown < self._own_octets(before, after)

    def _own_octets(self, before: PortLook, after: PortLook) -> int:
        """Return the least that answers to unbound probes weighed between two polls."""
        between = before.at_ns, after.at_ns
        if between not in self._own:
            packets = sum(_answers(timeline, before, after) for timeline in self._book.samples.values())
            self._own[between] = packets * _SMALLEST_PACKET_OCTETS
        return self._own[between]


def _answers(timeline: Timeline[Sample], before: PortLook, after: PortLook) -> int:
    return sum(
        sample.received
        for at_ns, sample in timeline
        if before.at_ns < at_ns <= after.at_ns and not sample.circuit
    )
