"""The statement that stands on every report: how much was seen, by which clock, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from netmon.evidence.availability import Availability
from netmon.evidence.grade import Grade, grade
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.material import Material
from netmon.evidence.speed_tests import PASSIVE, SpeedTest
from netmon.evidence.strip import KINDS, Strip
from netmon.model import Fault, SlotState


@dataclass(frozen=True, slots=True)
class Quality:
    """What the figures of some days rest on. Shares are None when there is nothing to take them of.

    `unknown_minutes` are by where the fault was; `none` is minutes of which no row told. `tests` and
    `invalid_tests` are by direction and by reason. `exclusions` are the references of those that were
    admitted with their minutes and who agreed to them.
    """

    minutes: int
    coverage: Fraction | None
    clock: Fraction | None
    unknown_minutes: Mapping[Fault, int]
    tests: Mapping[str, int]
    invalid_tests: Mapping[str, int]
    exclusions: tuple[tuple[str, int, str], ...]
    grade: Grade


def quality(found: Material, part: Availability, *, enough: bool) -> Quality:
    """State the quality of a stretch of days; `enough`: the rule for n holds, where tests decide."""
    strip = found.strip.cut(part.days.start_minute, part.days.end_minute)
    tests = [one for one in found.tests if strip.start_minute <= one.minute < strip.end_minute]
    return Quality(
        len(strip.codes),
        part.contract.coverage,
        found.synced,
        unknown_minutes(strip),
        Counter(test.direction for test in tests if test.direction and test.method != PASSIVE),
        _invalid(tests, part.terms),
        tuple((one.exclusion.reference, one.minutes, one.exclusion.agreed_by) for one in part.rulings),
        grade(part.contract.coverage, found.synced, enough=enough),
    )


def unknown_minutes(strip: Strip) -> Mapping[Fault, int]:
    """Count the minutes that are not known by where the fault was."""
    found: Counter[Fault] = Counter()
    for code, count in Counter(strip.codes).items():
        if KINDS[code].state is SlotState.UNKNOWN:
            found[KINDS[code].fault] += count
    return dict(sorted(found.items()))


def _invalid(tests: Iterable[SpeedTest], terms: Terms | None) -> Mapping[str, int]:
    layer = terms.rate_layer if terms else "IP"
    reasons = (test.invalid(layer).partition(":")[0] for test in tests if test.method != PASSIVE)
    return dict(sorted(Counter(reason for reason in reasons if reason).items()))
