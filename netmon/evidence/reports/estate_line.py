"""One circuit's days reduced to what the estate needs of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import compress
from statistics import median

from netmon.evidence.account import Account
from netmon.evidence.attribution import Attribution
from netmon.evidence.availability import Availability
from netmon.evidence.bottleneck import Bottleneck, Measured, bottleneck
from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve
from netmon.evidence.delivered import Delivered, delivered
from netmon.evidence.grade import grade
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.price import price
from netmon.evidence.reports.dots import DIRECTIONS, tests_of
from netmon.evidence.reports.estate_months import both_ways, dues
from netmon.evidence.reports.estate_record import Fullness, LineRecord, SupplierPart, Tested
from netmon.evidence.reports.ground import Ground
from netmon.evidence.saturation import HIGH, Required, Saturation, required, saturation
from netmon.evidence.speed_tests import Proof, SpeedTest
from netmon.evidence.statistics.quantiles import nearest_rank, reached_by
from netmon.evidence.verdicts import Verdict
from netmon.evidence.yardsticks import YARDSTICKS, threshold

NOW_DAYS = 31
"""The busy hour is that of so many days at the end of the period; a month's report has all of its days."""
RULE = "delivered_90"
"""What "delivered as contracted" means; towards the site it has to have tests enough for the best grade."""


def line_record(ground: Ground) -> LineRecord:
    """Judge and count; what is kept has no minutes any more."""
    tests, whole = tests_of(ground), ground.curve(ground.material.use)
    spans = [_span(ground.of(part), part.terms, tests) for part in ground.stretches]
    parts, tested, terms = tuple(_parts(ground, spans)), _tested(spans), ground.terms
    now = now_of(ground.days)
    served = ground.service_days(now)
    down = busy_hour(ground.material.down_use.cut(now.start_minute, now.end_minute), now, served)
    use = busy_hour(whole.cut(now.start_minute, now.end_minute), now, served)
    rate = None if down.p95 is None or terms is None or terms.down is None else down.p95 * terms.down
    users = ground.site.users if ground.site else None
    trips = ground.curve(ground.material.rtt_p95)
    full = saturation(_of_capacity(ground, spans, whole), trips, None, ground.serving, users)
    coverage = sum((part.account for part in parts), Account()).coverage
    return LineRecord(
        ground.line.circuit,
        terms,
        parts,
        tested,
        use,
        Fullness(full.minutes, full.known, ground.serving.count(1), full.hides_demand),
        _required(ground, rate, full),
        price(terms, tested.p20, rate) if terms else None,
        _narrow(ground, spans, whole),
        tuple(dues(ground.months, ground.line.circuit, ground.inputs, ground.as_of)),
        tuple(ruling for part in ground.parts for ruling in part.rulings),
        grade(coverage, ground.material.synced, enough=tested.enough),
    )


def now_of(days: Days) -> Days:
    """Return the days at the end of a period whose busy hour is "now"."""
    return Days(max(days.first, days.last - timedelta(days=NOW_DAYS - 1)), days.last, days.timezone)


@dataclass(frozen=True, slots=True)
class _Span:
    """Days of the same terms, and what the tests of them come to.

    `failed` are the minutes of tests that show a failure. `rates` are what tests got by direction, in bit/s
    of the contract's layer; inconclusive and invalid ones tell nothing.
    """

    days: Days
    terms: Terms | None
    failed: frozenset[int]
    rates: Mapping[str, Sequence[float]]
    down: Delivered
    up: Delivered

    def middle(self, direction: str) -> float | None:
        """Return the median of the rates; None: no tests."""
        return median(self.rates[direction]) if self.rates[direction] else None

    def shortage(self, direction: str) -> float:
        """Return by how much more is contracted than the middle test got; 1.0 when that is not known."""
        bought, got = _bought(self.terms, direction), self.middle(direction)
        return bought / got if bought and got else 1.0


def _span(here: Days, terms: Terms | None, asked: Iterable[SpeedTest]) -> _Span:
    first, end, layer = here.start_minute, here.end_minute, terms.rate_layer if terms else "IP"
    tests = tuple(one for one in asked if first <= one.minute < end)
    limits = {way: threshold(YARDSTICKS[RULE], terms, way) for way in DIRECTIONS}
    rates: dict[str, list[float]] = {way: [] for way in DIRECTIONS}
    failed: set[int] = set()
    for test in tests:
        bought, limit = _bought(terms, test.direction), limits[test.direction]
        proof, value = test.proof(layer, bought, limit or 0.0), test.value(layer, bought)
        if proof is Proof.FAIL and limit is not None:
            failed.add(test.minute)
        if value is not None and proof is not Proof.INCONCLUSIVE:
            rates[test.direction].append(value)
    sides = {way: [one for one in tests if one.direction == way] for way in DIRECTIONS}
    down, up = (delivered(RULE, way, sides[way], here, terms) for way in DIRECTIONS)
    return _Span(here, terms, frozenset(failed), rates, down, up)


def _bought(terms: Terms | None, direction: str) -> float:
    """Return the contracted rate in bit/s; 0.0 where none is known: no cross-traffic is small then."""
    rate = None if terms is None else terms.down if direction == "down" else terms.up
    return float(rate or 0)


def _tested(spans: Sequence[_Span]) -> Tested:
    """Put the tests of all contracts together, and take rates from the last one's alone."""
    judged = [span.down for span in spans if span.down.threshold is not None]
    promised = [one.counted for one in judged]
    rates = spans[-1].rates["down"]
    shares = [
        rate / bought
        for span in spans
        if (bought := _bought(span.terms, "down"))
        for rate in span.rates["down"]
    ]
    return Tested(
        sum(one.tests for one in promised),
        sum(one.fails for one in promised),
        nearest_rank(rates, 0.2),
        reached_by(shares, 0.8),
        bool(judged) and all(one.claim_ready for one in judged),
    )


def _parts(ground: Ground, spans: Sequence[_Span]) -> Iterator[SupplierPart]:
    """Yield what each supplier answers for: a circuit that changed hands has two."""
    judged = [(part, month.whole) for month in ground.months for part in month.parts]
    for name in dict.fromkeys(_supplier(part.terms) for part, _ in judged):
        own = [(part, whole) for part, whole in judged if _supplier(part.terms) == name]
        lengths = list(_outages(part for part, _ in own))
        delivered_by = [span for span in spans if _supplier(span.terms) == name]
        yield SupplierPart(
            name,
            sum((part.contract for part, _ in own), Account()),
            (sum(part.down_bounds[0] for part, _ in own), sum(part.down_bounds[1] for part, _ in own)),
            len(lengths),
            max(lengths, default=0),
            both_ways(None if part.target is None else part.verdict for part, whole in own if whole),
            both_ways(_verdict(one) for span in delivered_by for one in (span.down, span.up)),
        )


def _outages(parts: Iterable[Availability]) -> Iterator[int]:
    """Yield the minutes of outages that began in a part and that the supplier answers for."""
    for part in parts:
        for one in part.outages:
            if not one.began_before and one.attribution is Attribution.SUPPLIER:
                yield one.minutes_of(Attribution.SUPPLIER)


def _verdict(found: Delivered) -> Verdict | None:
    return None if found.threshold is None else found.verdict


def _of_capacity(ground: Ground, spans: Sequence[_Span], whole: Curve) -> Curve:
    """Return the fuller direction against what tests got where that is less than the contracted rate.

    Minutes that are not nearly full even so are left as they are: none of them counts as full.
    """
    most = max((span.shortage(way) for span in spans for way in DIRECTIONS), default=1.0)
    near = whole.at_least(HIGH / most)
    if most <= 1 or 1 not in near:
        return whole
    found, start = array("d", whole.numbers), whole.start_minute
    sides = [ground.curve(one).numbers for one in (ground.material.down_use, ground.material.up_use)]
    for span in spans:
        factors = [max(span.shortage(way), 1.0) for way in DIRECTIONS]
        minutes = range(span.days.start_minute - start, span.days.end_minute - start)
        for place in compress(minutes, near[minutes.start : minutes.stop]):
            shares = [side[place] * factor for side, factor in zip(sides, factors, strict=True)]
            found[place] = max(share for share in shares if share == share)  # noqa: PLR0124 - no NaN
    return Curve(start, found)


def _required(ground: Ground, busy_rate: float | None, full: Saturation) -> Required:
    site = ground.site
    return required(
        None if site is None or site.standard_down is None else float(site.standard_down),
        busy_rate,
        site.users if site else None,
        None if site is None or site.per_user is None else float(site.per_user),
        full,
    )


def _narrow(ground: Ground, spans: Sequence[_Span], use: Curve) -> Bottleneck:
    """Share the bad minutes by cause; a clean test below its threshold is a sign of the supplier."""
    slow, start = bytearray(len(ground.serving)), ground.days.start_minute
    for span in spans:
        for minute in span.failed:
            slow[minute - start] = 1
    strip = ground.material.strip.cut(ground.days.start_minute, ground.days.end_minute)
    return bottleneck(strip, ground.serving, Measured(use=use, slow_tests=bytes(slow)))


def _supplier(terms: Terms | None) -> str:
    return terms.supplier if terms else ""
