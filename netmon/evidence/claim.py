"""A circuit's claim from its records: figures in whole numbers, which others can repeat exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from netmon.evidence.availability import MARGIN_MINUTES, Availability, by_contract
from netmon.evidence.calendar import Days
from netmon.evidence.credit import Credit, credit
from netmon.evidence.delivered import Delivered, delivered
from netmon.evidence.fault_clocks import FaultClock, fault_clocks
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.schemes import CapPeriod
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.strip import Kind, Told, lay
from netmon.model import Fault, Json, SlotState
from netmon.model.derived import BANDWIDTH_TEST, CIRCUIT_MINUTE

METHOD = 1
"""Version of the methods: it changes whenever a figure of the same records would."""
CLAIMED = ("delivered_90", "fcc_80_80", "minimum")
"""The yardsticks that a claim goes by: those of the contract, not those of a standard."""
_DIRECTIONS = ("down", "up")
_PENCE = 100


def claim(records: Iterable[RecordJson], inputs: Inputs, circuit: str, site: str, month: Days) -> Json:
    """Return what a month of a circuit comes to, stretch of the same contract by stretch."""
    known = [_amended(record) for record in records]
    strip = lay(
        minutes_told(known, circuit), month.start_minute - MARGIN_MINUTES, month.end_minute + MARGIN_MINUTES
    )
    tests = list(tests_told(known, circuit))
    parts = by_contract(strip, month, inputs.contracts, circuit, inputs.exclusions, inputs.sites.get(site))
    given: dict[CapPeriod, Decimal] = {}
    return {
        "method": METHOD,
        "circuit": circuit,
        "site": site,
        "first": str(month.first),
        "last": str(month.last),
        "timezone": month.timezone,
        "stretches": [_stretch(part, inputs, tests, len(month), given) for part in parts],
    }


def minutes_told(records: Iterable[RecordJson], circuit: str) -> Iterator[Told]:
    """Yield what records of minutes told of a circuit; whose clock was not right, its time is not known."""
    for record in records:
        if record.get("kind") == CIRCUIT_MINUTE and record.get("circuit") == circuit:
            degraded = record.get("degraded")
            known = record.get("synced") is not False
            kind = Kind(
                SlotState(str(record["state"])) if known else SlotState.UNKNOWN,
                Fault(str(record["fault"])),
                degraded if isinstance(degraded, bool) else None,
            )
            yield Told(_whole(record["t"]), kind)


def tests_told(records: Iterable[RecordJson], circuit: str) -> Iterator[SpeedTest]:
    """Yield the tests of a circuit that records tell of."""
    for record in records:
        key, rates = record.get("key"), record.get("bits_per_second")
        if record.get("kind") != BANDWIDTH_TEST or not isinstance(rates, Mapping):
            continue
        if isinstance(key, Mapping) and key.get("circuit") == circuit:
            yield SpeedTest(
                _whole(record["t"]),
                str(record["direction"]),
                str(record["method"]),
                _rates(rates),
                _rates(record["cross_bits_per_second"]),
                str(record["spoiled"]),
                str(record["doubt"]),
                _whole(record["error_ppm"]),
                record["claimable"] is True,
            )


def _amended(record: RecordJson) -> RecordJson:
    inner = record.get("rec")
    return inner if record.get("kind") == "amendment" and isinstance(inner, Mapping) else record


def _stretch(
    part: Availability,
    inputs: Inputs,
    tests: list[SpeedTest],
    days: int,
    given: dict[CapPeriod, Decimal],
) -> Json:
    """Return a stretch's figures; `given` is what stretches before it gave under caps of each period."""
    clocks = fault_clocks(part.outages, inputs.tickets, part.terms) if part.terms else []
    judged = [
        delivered(name, direction, tests, part.days, part.terms)
        for name in CLAIMED
        for direction in _DIRECTIONS
    ]
    account = part.contract
    return {
        "first": str(part.days.first),
        "last": str(part.days.last),
        "cited": part.terms.cited if part.terms else None,
        "minutes": {
            "up": account.up,
            "down": account.down,
            "elsewhere": account.elsewhere,
            "unknown": account.unknown,
            "excluded": account.excluded,
        },
        "down_bounds": list(part.down_bounds),
        "verdict": str(part.verdict),
        "outages": [
            [one.start_minute, one.end_minute, one.down_minutes, str(one.attribution)] for one in part.outages
        ],
        "clocks": [_clock(one) for one in clocks],
        "credit": _credit(_capped(part, clocks, days, given)),
        "tests": [_judged(one) for one in judged if one.threshold is not None],
    }


def _capped(
    part: Availability, clocks: list[FaultClock], days: int, given: dict[CapPeriod, Decimal]
) -> Credit | None:
    cap = part.terms.cap if part.terms else None
    before = given.get(cap.period, Decimal(0)) if cap else Decimal(0)
    found = credit(part, clocks, days, before)
    if cap and found and found.pounds is not None:
        given[cap.period] = before + found.pounds
    return found


def _clock(clock: FaultClock) -> Json:
    ticket = clock.ticket.reference if clock.ticket else None
    return [clock.outage.start_minute, ticket, clock.by_detection, clock.by_ticket, clock.counts]


def _credit(found: Credit | None) -> Json:
    if found is None:
        return None
    return {
        "pence": _pence(found.pounds),
        "cap_pence": _pence(found.cap),
        "workings": [[one.scheme, _pence(one.pounds)] for one in found.workings],
    }


def _judged(found: Delivered) -> Json:
    counted = found.counted
    return {
        "yardstick": found.yardstick,
        "direction": found.direction,
        "tests": counted.tests,
        "days": counted.days,
        "fails": counted.fails,
        "bad_days": counted.bad_days,
        "inconclusive": counted.inconclusive,
        "invalid": counted.invalid,
        "unclaimable": counted.unclaimable,
        "percentile": None if found.percentile is None else round(found.percentile),
        "verdict": str(found.verdict),
        "claim_ready": found.claim_ready,
    }


def _pence(money: Decimal | None) -> int | None:
    return None if money is None else int(money * _PENCE)


def _rates(told: Json) -> Mapping[str, float]:
    found = told if isinstance(told, Mapping) else {}
    return {layer: float(_whole(rate)) for layer, rate in found.items()}


def _whole(value: Json) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value
