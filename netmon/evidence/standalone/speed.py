"""Speed tests against yardsticks, with exact chances."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from .cells import Record, Row, inside, rate

_ALPHA = Fraction(5, 100)
_TENTHS = {"delivered_90": ("", 9, 9), "fcc_80_80": ("", 8, 8), "minimum": ("minimum_", 10, 9)}
"""What is promised, tenths of it that a test is to reach, and tenths of the tests that are to."""


def judged(records: list[Record], terms: Row | None, days: list[date], zone: ZoneInfo) -> list[Record]:
    """Return the finding of each yardstick and direction for which a rate was promised."""
    tests = [one for one in records if one["kind"] == "bandwidth_test" and "bits_per_second" in one]
    local = [(datetime.fromtimestamp(one["t"] * 60, UTC).astimezone(zone), one) for one in tests]
    inside_ = [(now, one) for now, one in local if now.date() in days and one["method"] != "passive"]
    return [
        _finding(name, way, terms, [(now, one) for now, one in inside_ if one["direction"] == way])
        for name in _TENTHS
        for way in ("down", "up")
        if terms and terms.get(_TENTHS[name][0] + way)
    ]


def _finding(name: str, way: str, terms: Row, tests: list[tuple[datetime, Record]]) -> Record:
    of, share, tenths = _TENTHS[name]
    limit, target = Fraction((rate(terms[of + way]) or 0) * share, 10), Fraction(tenths, 10)
    hours = terms.get("peak_hours") if name == "minimum" else None
    scale = Fraction(rate(terms.get(way)) or limit)
    layer = terms.get("rate_layer") or "L2"
    by_day: dict[date, list[int]] = {}
    rates, inconclusive, invalid, weak = [], 0, 0, 0
    for local, test in ((now, one) for now, one in tests if inside(hours, now)):
        value, cross = test["bits_per_second"].get(layer), test["cross_bits_per_second"].get(layer)
        if value is None or cross is None or test["spoiled"]:
            invalid += 1
            continue
        total = value if cross <= max(scale / 100, 64000) else value + cross
        near = total * (10**6 + test["error_ppm"]) >= limit * 10**6
        if total < limit and (test["doubt"] or near or cross > scale / 10):
            inconclusive += 1
        else:
            by_day.setdefault(local.date(), []).append(int(total < limit))
            rates.append(total)
            weak += total < limit and not test["claimable"]
    rows, n = list(by_day.values()), len(rates)
    fails, bad = sum(map(sum, rows)), sum(10 * sum(row) > len(row) for row in rows)
    verdict = _verdict(n, fails, rows, target)
    by_days = verdict != "fail" or not bad or 1 - _at_most(bad - 1, len(rows), Fraction(1, 2)) <= _ALPHA
    stands = by_days and (verdict != "fail" or _verdict(n, fails - weak, rows, target) == "fail")
    enough = n >= 120 and len(rows) >= 20 and max(map(len, rows)) <= 8
    return {
        "yardstick": name, "direction": way, "tests": n, "days": len(rows), "fails": fails, "bad_days": bad,
        "inconclusive": inconclusive, "invalid": invalid, "unclaimable": weak,
        "percentile": sorted(rates)[max(math.ceil((1 - target) * n), 1) - 1] if rates else None,
        "verdict": verdict, "claim_ready": stands and enough,
    }  # fmt: skip


def _verdict(n: int, fails: int, rows: list[list[int]], target: Fraction) -> str:
    if n < 29:
        return "not shown"
    size = math.floor(n / (1 + (Fraction(n, len(rows)) - 1) * _alike(n, rows)))
    scaled, miss = Fraction(fails * size, n), 1 - target
    kept = [k for k in range(size + 1) if _at_most(k, size, miss) <= _ALPHA]
    if kept and scaled <= kept[-1]:
        return "pass"
    breach = next((k for k in range(1, size + 1) if 1 - _at_most(k - 1, size, miss) <= _ALPHA), None)
    return "fail" if breach is not None and scaled >= breach else "not shown"


def _alike(n: int, rows: list[list[int]]) -> Fraction:
    """Return how much tests of a day resemble each other (one-way analysis of variance), 0 to 1."""
    k = len(rows)
    if k < 2 or n <= k:
        return Fraction(0)
    grand = Fraction(sum(map(sum, rows)), n)
    pairs = [(row, Fraction(sum(row), len(row))) for row in rows]
    between = Fraction(sum(len(row) * (mean - grand) ** 2 for row, mean in pairs)) / (k - 1)
    within = Fraction(sum((x - mean) ** 2 for row, mean in pairs for x in row)) / (n - k)
    size = (n - Fraction(sum(len(row) ** 2 for row in rows), n)) / (k - 1)
    whole = between + (size - 1) * within
    return min(max((between - within) / whole, Fraction(0)), Fraction(1)) if whole > 0 else Fraction(0)


def _at_most(k: int, n: int, chance: Fraction) -> Fraction:
    """Return the chance of at most k of n, exactly."""
    a, b = chance.numerator, chance.denominator
    return Fraction(sum(math.comb(n, i) * a**i * (b - a) ** (n - i) for i in range(k + 1)), b**n)
