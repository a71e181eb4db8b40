"""A site's records, their chain, and a pack of them, for tests of seals."""

from __future__ import annotations

from datetime import date
from random import Random

from fakes.evidence import KINDS

from netmon.evidence.calendar import Days, month
from netmon.evidence.claim import claim
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.seal.pack import Content, write_pack
from netmon.evidence.seal.roots import DayRoot, SignedRoot, day_root
from netmon.evidence.seal.sealer import SealedHour, Standing, seal
from netmon.evidence.seal.signing import Ed25519Signer

SITE_KEY, ISSUER_KEY = Ed25519Signer(bytes(range(32))), Ed25519Signer(bytes(range(32, 64)))
DAYS = Days(date(2026, 3, 29), date(2026, 3, 30), "Europe/London")
MONTH = month(2026, 3, "Europe/London")
CONTRACTS = """\
circuit,from,to,document,clause,down,minimum_down,peak_hours,availability,hours,router_by,fix,fix_clock,\
clock_stops,credits,combine,cap,monthly,maintenance_notice_days,maintenance_cap
c1,2026-01-01,,Order 1,4,100Mbit/s,50Mbit/s,09:00-17:00,99.9%,24x7,customer,2h,ticket,\
customer_access,below 99.9%: 5%; per hour over fix: one day,max,60% of month,95.00,,
c1,2026-03-30,,Variation 2,7,550Mbit/s,,,99.5%,Mon-Fri 07:00-19:00,supplier,1h,detection,\
,below 99.5%: 10%; per missed fix: £7.50; per point: 1%,sum,,120.00,10,45m
"""
EXCLUSIONS = """\
circuit,from,to,cause,announced,agreed_by,reference
c1,2026-03-29T00:00Z,2026-03-29T02:00Z,customer,,A. Person,X1
c1,2026-03-30T08:00Z,2026-03-30T09:00Z,planned,2026-03-01T09:00Z,A. Person,W1
c1,2026-03-30T08:30Z,2026-03-30T09:30Z,planned,2026-03-29T09:00Z,A. Person,W2
"""
TICKETS = """\
circuit,reference,raised,closed,pauses
c1,T1,2026-03-29T10:15Z,2026-03-29T18:00Z,customer_access 2026-03-29T11:00Z/2026-03-29T11:30Z
"""
INPUTS = {"contracts.csv": CONTRACTS, "exclusions.csv": EXCLUSIONS, "tickets.csv": TICKETS}


def minute_record(minute: int, letter: str) -> RecordJson:
    """The record of a minute, by the letter of a kind."""
    kind = KINDS[letter]
    told = {"state": str(kind.state), "fault": str(kind.fault), "degraded": kind.degraded}
    return {
        "kind": "circuit_minute",
        "site": "s1",
        "circuit": "c1",
        "t": minute,
        "synced": True,
        **told,
        "v": 1,
    }


def speed_record(
    minute: int,
    rate: int,
    cross: int | None = 0,
    spoiled: str = "",
    *,
    doubt: str = "",
    error_ppm: int = 20_000,
    claimable: bool = True,
) -> RecordJson:
    """The record of a test."""
    told = {"direction": "down", "method": "http", "spoiled": spoiled, "bits_per_second": {"L2": rate}}
    told |= {"cross_bits_per_second": {} if cross is None else {"L2": cross}}
    told |= {"doubt": doubt, "error_ppm": error_ppm, "claimable": claimable}
    key = {"site": "s1", "circuit": "c1"}
    return {"kind": "bandwidth_test", "key": key, "t": minute, **told, "v": 1}


def letters_of(text: str, length: int) -> str:
    """Letters of a short text such as "u60 d5", up for the rest."""
    found = "".join(part[0] * int(part[1:] or 1) for part in text.split())
    return found[:length].ljust(length, "u")


def days_records(text: str, days: Days = DAYS, seed: int = 1) -> list[RecordJson]:
    """Minutes by a short text, and a dozen tests a day."""
    random, length = Random(seed), days.end_minute - days.start_minute
    minutes = [
        minute_record(days.start_minute + n, one)
        for n, one in enumerate(letters_of(text, length))
        if one != "-"
    ]
    tests = [
        speed_record(
            days.start_minute + 120 * n + 7,
            random.choice((49, 79, 85, 89, 99)) * 10**6,
            random.choice((0, 0, 8_000_000, 30_000_000, None)),
            random.choice(("", "", "", "limited by nic: a slow card")),
            doubt=random.choice(("", "", "what limited it is unknown")),
            error_ppm=random.choice((20_000, 0, 100_000)),
            claimable=random.choice((True, True, False)),
        )
        for n in range(length // 120)
    ]
    return [*minutes, *tests]


def sealed(records: list[RecordJson], until_hour: int, signer: Ed25519Signer = SITE_KEY) -> list[SealedHour]:
    """All hours of records, sealed."""
    return list(seal("s1", records, until_hour, Standing(), signer))


def findings(records: list[RecordJson], inputs: dict[str, str], days: Days = DAYS) -> RecordJson:
    """The figures of some records."""
    read = read_texts({name.removesuffix(".csv"): text for name, text in inputs.items()})
    return claim(records, read, "c1", "s1", days)


def content(records: list[RecordJson], hours: int | None = None, signer: Ed25519Signer = SITE_KEY) -> Content:
    """What goes into a pack: all hours of the days, or the first few."""
    until = DAYS.end_minute // 60 + 1 if hours is None else DAYS.start_minute // 60 + hours
    done = sealed([one for one in records if int(str(one["t"])) < 60 * until], until, signer)
    entries = [entry for hour in done for entry in hour.entries]
    kept = [entry.rec for entry in entries if entry.rec["kind"] != "gap"]
    roots = [hour.root for hour in done]
    return Content("s1", entries, roots, signer.public, INPUTS, findings(kept, INPUTS, MONTH))


def pack_bytes(text: str, hours: int | None = None) -> bytes:
    """A whole pack."""
    return write_pack(content(days_records(text), hours), ISSUER_KEY)


def outside_roots(roots: list[SignedRoot]) -> list[DayRoot]:
    """The lines that were sent out day by day."""
    days = sorted({one.root.hour // 24 for one in roots})
    return [day_root("s1", day, [one for one in roots if one.root.hour // 24 == day]) for day in days]
