"""A site's chain from the central InfluxDB: its card is gone, what its sinks brought is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.line import EVENT_MEASUREMENT, plain_name
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.centre import Point, SentRoot, centre_records, sent_roots
from netmon.evidence.seal.folder import Stretch
from netmon.evidence.seal.rebuild import rebuild
from netmon.evidence.seal.roots import ROOT_EVENT, SignedRoot
from netmon.evidence.seal.signing import fingerprint
from netmon.evidence.seal.verify import Fault
from netmon.evidence.sources.asking import CentreError
from netmon.evidence.sources.influx import Influx
from netmon.incidents.record import KIND, RECORD
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE

_HOUR_MS, _DAY_HOURS, _ROOTS_HOURS = 3_600_000, 24, 60 * 24
_BEFORE_HOURS = 7 * _DAY_HOURS
"""Read before what is wanted: what came late is sealed in a later hour than its own."""


class CentreChain:
    """Makes a site's chain again, hour by hour; hours that do not fit their signed roots are named."""

    def __init__(self, settings: InfluxSettings, site: str, now_ms: int, site_key: str = "") -> None:
        self._influx = Influx(settings)
        self._site = plain_name(site)
        self._now_hour = now_ms // _HOUR_MS + 1
        self._wanted_key = site_key.lower()
        self.public = b""
        """The site's key; known once a stretch was made."""

    def stretch(self, first_hour: int, last_hour: int) -> Stretch:
        """Return the hours from one to another, both included; CentreError names all that cannot be made."""
        roots = self._roots(first_hour - _BEFORE_HOURS, last_hour)
        entries, faults = rebuild(self._records(first_hour - _BEFORE_HOURS, last_hour), roots)
        within = [one for one in roots if first_hour <= one.root.hour]
        if not within:
            raise CentreError(f"of site {self._site} no signed root of these days is in the database")
        bad = [*_lost(within), *(one for one in faults if _hour_of(one) >= first_hour)]
        if bad:
            raise CentreError("\n".join(_named(one) for one in sorted(bad, key=_hour_of)))
        first = within[0].root.first
        return Stretch(tuple(one for one in entries if one.seq >= first), tuple(within))

    def later(self, after_hour: int, until_hour: int) -> Iterator[RecordJson]:
        """Yield what people wrote at the site in later hours, which are in no stretch."""
        times = (after_hour + 1) * _HOUR_MS, (until_hour + 1) * _HOUR_MS
        for kind in (KIND, RECORD):
            where = {"site": self._site, "kind": kind}
            for one in self._influx.select("*", EVENT_MEASUREMENT, where, *times):
                yield from centre_records(one.points(EVENT_MEASUREMENT))

    def close(self) -> None:
        """Close the connections."""
        self._influx.close()

    def _records(self, first_hour: int, last_hour: int) -> Iterator[RecordJson]:
        for hour in range(first_hour, last_hour + 1, _DAY_HOURS):
            last = min(hour + _DAY_HOURS - 1, last_hour)
            measurements = (CIRCUIT_MINUTE, SITE_MINUTE, EVENT_MEASUREMENT)
            yield from centre_records(self._points(measurements, hour, last))

    def _points(self, measurements: Sequence[str], first_hour: int, last_hour: int) -> Iterator[Point]:
        for hour in range(first_hour, last_hour + 1, _DAY_HOURS):
            start_ms, end_ms = hour * _HOUR_MS, min(hour + _DAY_HOURS, last_hour + 1) * _HOUR_MS
            for measurement in measurements:
                for one in self._influx.select("*", measurement, {"site": self._site}, start_ms, end_ms):
                    yield from one.points(measurement)

    def _roots(self, first_hour: int, last_hour: int) -> list[SignedRoot]:
        """Return the roots of one key. They were sent when their hour was sealed, or at any time after it."""
        sent: list[SentRoot] = []
        where = {"site": self._site, "kind": ROOT_EVENT}
        for hour in range(first_hour, self._now_hour, _ROOTS_HOURS):
            times = hour * _HOUR_MS, (hour + _ROOTS_HOURS) * _HOUR_MS
            for series in self._influx.select('"data"', EVENT_MEASUREMENT, where, *times):
                sent += sent_roots(series.points(EVENT_MEASUREMENT))
        sent = [one for one in sent if first_hour <= one.signed.root.hour <= last_hour]
        self.public = self._key(sent)
        key = fingerprint(self.public)
        found = {one.signed.root.hour: one.signed for one in sent if one.signed.root.key == key}
        return [found[hour] for hour in sorted(found)]

    def _key(self, sent: Sequence[SentRoot]) -> bytes:
        """Return the key that was asked for; else that which signed most: a new card has a new one."""
        known = {one.signed.root.key: one.public for one in sent if one.public}
        counts = Counter(one.signed.root.key for one in sent)
        wanted = self._wanted_key or max(counts, key=lambda key: counts[key], default="")
        public = known.get(wanted) or _public(wanted)
        if fingerprint(public) not in counts:
            raise CentreError(_no_key(self._site, wanted, counts))
        return public


def _public(text: str) -> bytes:
    """Return a public key that is written in hexadecimal; nothing for what is none."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _no_key(site: str, wanted: str, counts: Counter[str]) -> str:
    if not counts:
        return f"of site {site} no signed root of these days is in the database"
    return (
        f"the roots of site {site} are signed by {', '.join(counts)}; which public key {wanted} is, none of"
        " them says: give it with --site-key (an earlier pack's manifest.json has it as site_key)"
    )


def _lost(roots: Sequence[SignedRoot]) -> Iterator[Fault]:
    """Yield the hours between others of which no root came."""
    there = {one.root.hour for one in roots}
    for hour in range(min(there), max(there)):
        if hour not in there:
            yield Fault(f"hour {hour}", "has no signed root in the database")


def _hour_of(fault: Fault) -> int:
    return int(fault.place.split()[-1])


def _named(fault: Fault) -> str:
    moment = datetime.fromtimestamp(_hour_of(fault) * 3600, UTC)
    return f"{fault.place} ({moment:%Y-%m-%dT%H:%MZ}) {fault.problem}"
