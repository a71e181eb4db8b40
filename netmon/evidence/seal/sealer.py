"""Seals hours: records in an order that anybody can repeat, late ones as amendments, gaps as records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from netmon.evidence.seal.canonical import RecordJson, canonical
from netmon.evidence.seal.chain import Entry, Tip, link
from netmon.evidence.seal.roots import AMENDMENT, HOUR_MINUTES, SignedRoot, sign_hour
from netmon.evidence.seal.signing import Signer

AHEAD_HOURS = 48
"""No record is of an hour so long after the open ones but by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where sealing stands: the chain's tip, and the last hour that is sealed (None: none yet)."""

    tip: Tip = field(default_factory=Tip)
    hour: int | None = None


@dataclass(frozen=True, slots=True)
class SealedHour:
    """An hour's entries, its signed root, and where sealing stands after it."""

    entries: tuple[Entry, ...]
    root: SignedRoot
    standing: Standing


def seal(
    site: str, records: Iterable[RecordJson], until_hour: int, standing: Standing, signer: Signer
) -> Iterator[SealedHour]:
    """Seal all hours before `until_hour` that have not been; records carry their minute as `t`.

    Records of an hour are sealed in the order of minute, kind and content, so that a chain made again
    from another copy of the same records is the same. Hours without records have one that says so.
    What belongs to an hour that is sealed already, or to none yet as a clock was far ahead, becomes an
    amendment in the first hour that is open. While
    there is no such hour nothing is yielded, and the same records are to be brought again. A chain begins
    with the first record by a clock that was right: from 1970 on there would be half a million gaps.
    """
    open_hours: dict[int, list[RecordJson]] = {}
    late: list[RecordJson] = []
    for record in records:
        hour = minute_of(record) // HOUR_MINUTES
        if hour > until_hour + AHEAD_HOURS or (standing.hour is not None and hour <= standing.hour):
            late.append(amendment(record))
        elif hour < until_hour:
            open_hours.setdefault(hour, []).append(record)
    first = _beginning(open_hours) if standing.hour is None else standing.hour + 1
    if first is None:
        return
    late += [amendment(one) for hour, some in open_hours.items() if hour < first for one in some]
    for hour in range(first, until_hour):
        own = open_hours.get(hour) or [gap(site, hour)]
        entries = tuple(link([*ordered(late), *ordered(own)], standing.tip))
        late = []
        root = sign_hour(site, hour, entries, standing.tip, signer)
        standing = Standing(Tip(entries[-1].seq + 1, entries[-1].hash), hour)
        yield SealedHour(entries, root, standing)


def by_a_right_clock(record: RecordJson) -> bool:
    """Tell whether a record's time is known."""
    return record.get("synced") is not False


def _beginning(hours: Mapping[int, Sequence[RecordJson]]) -> int | None:
    return min((hour for hour, some in hours.items() if any(map(by_a_right_clock, some))), default=None)


def minute_of(record: RecordJson) -> int:
    """Return the minute (since 1970, UTC) that a record belongs to."""
    minute = record.get("t")
    if not isinstance(minute, int):
        raise TypeError("a record of evidence has its minute as `t`")
    return minute


def ordered(records: Sequence[RecordJson]) -> list[RecordJson]:
    """Return records in the order in which an hour has them."""
    return sorted(records, key=lambda one: (minute_of(one), str(one.get("kind")), canonical(one)))


def amendment(record: RecordJson) -> RecordJson:
    """Return the record that brings one of an hour that was sealed before."""
    return {"kind": AMENDMENT, "rec": record, "t": minute_of(record), "v": 1}


def gap(site: str, hour: int) -> RecordJson:
    """Return the record of an hour that has none."""
    start = hour * HOUR_MINUTES
    return {"cause": "no records", "kind": "gap", "minutes": HOUR_MINUTES, "site": site, "t": start, "v": 1}
