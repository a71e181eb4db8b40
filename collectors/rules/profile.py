"""What a device is, and which tables of its vendor it has: found once, and again after a restart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, Self
from weakref import WeakKeyDictionary

from collectors.rules.branch import placed_os, placed_table, roots_for
from collectors.rules.identify import Candidate, candidates, enterprise_of, tables_of, vendor_of
from collectors.rules.library import Library
from collectors.rules.model import OsRule, TableRule, VendorFile
from collectors.rules.reader import column_oid
from collectors.snmp import ber, mib
from collectors.snmp.ber import Oid
from collectors.snmp.session import Session
from netmon import sdk

_LIFE_SECONDS: Final = 3600.0
_ASKED: Final = (mib.SYS_DESCR, mib.SYS_OBJECT_ID)


@dataclass(frozen=True, slots=True)
class Profile:
    """A device's identity and what of its vendor's tables it has. `os` is None when nobody knows it."""

    object_id: Oid | None
    descr: str
    vendor: str
    os: OsRule | None
    prefix: Oid
    """What of sysObjectID led to the operating system; the rest of it may name the model."""
    tables: tuple[tuple[VendorFile, TableRule], ...]
    generation: int
    until: float


class Profiles:
    """Those of all devices: `await context.shared.get(Profiles)`."""

    def __init__(self) -> None:
        self._profiles: WeakKeyDictionary[Session, Profile] = WeakKeyDictionary()

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make it, empty."""
        del clock
        return cls()

    async def close(self) -> None:
        """Do nothing: it holds no resource."""

    async def of(self, session: Session, context: sdk.Context, timeout_seconds: float) -> Profile:
        """Return a device's profile, at most an hour old and never older than its restart."""
        known, now = self._profiles.get(session), context.clock.monotonic()
        if known is None or known.until <= now or known.generation != session.generation:
            library = await context.shared.get(Library)
            asking = _Asking(session, context.clock, now + timeout_seconds)
            known = await _found(asking, library, now + _LIFE_SECONDS)
            self._profiles[session] = known
        return known


@dataclass(frozen=True, slots=True)
class _Asking:
    """A session, and until when it may be asked (monotonic seconds)."""

    session: Session
    clock: sdk.Clock
    deadline: float

    @property
    def left_seconds(self) -> float:
        return max(self.deadline - self.clock.monotonic(), 0.0)

    async def present(self, roots: Iterable[Oid]) -> frozenset[Oid]:
        """Return those of the names below which there is something."""
        wanted = list(dict.fromkeys(roots))
        return await self.session.present(wanted, self.left_seconds) if wanted else frozenset()


async def _found(asking: _Asking, library: Library, until: float) -> Profile:
    generation = asking.session.generation
    values = await asking.session.get(_ASKED, asking.left_seconds)
    object_id, octets = values[mib.SYS_OBJECT_ID], values[mib.SYS_DESCR]
    descr = "" if octets is None else sdk.clean(octets)
    enterprise = enterprise_of(object_id)
    files = await library.of(enterprise)
    chosen = await _chosen(asking, candidates(files, object_id, descr))
    branches = roots_for(object_id, chosen.prefix if chosen else ())
    offered = [
        (file, whole)
        for file, table in tables_of(files, enterprise, chosen)
        if (whole := placed_table(table, branches)) is not None
    ]
    present = await asking.present(root for _, table in offered for root in roots_of(table))
    tables = tuple((file, table) for file, table in offered if present.intersection(roots_of(table)))
    vendor = chosen.file.vendor if chosen else vendor_of(files, enterprise)
    return Profile(
        object_id,
        descr,
        vendor,
        placed_os(chosen.os, branches) if chosen else None,
        chosen.prefix if chosen else (),
        tables,
        generation,
        until,
    )


async def _chosen(asking: _Asking, possible: Sequence[Candidate]) -> Candidate | None:
    """Return the first that the device is; what candidates before a sure one want is asked for together."""
    doubtful = list(takewhile(lambda candidate: candidate.os.exists, possible))
    present = await asking.present(root for candidate in doubtful for root in _exist(candidate))
    fitting = (c for c in possible if not c.os.exists or not present.isdisjoint(_exist(c)))
    return next(fitting, None)


def _exist(candidate: Candidate) -> list[Oid]:
    return [ber.oid(place) for place in candidate.os.exists]


def roots_of(table: TableRule) -> tuple[Oid, ...]:
    """Return where to look whether a device has the table: its entry, or each of its columns without one."""
    if table.entry and not table.scalars:
        return (ber.oid(table.entry),)
    return tuple(column_oid(table, place) for place in table.columns.values())
