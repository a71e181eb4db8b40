"""The two clocks of a fault, and what a contract gives back."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from .cells import Record, Row, minute, names, number, seconds
from .minutes import blamed

Counts = dict[str, int]
Outage = tuple[int, int, dict[str, list[int]]]
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def clocks(found: list[Outage], tickets: list[Row], terms: Row) -> list[list[Any]]:
    """Return beginning, ticket, minutes by detection, by ticket, and by the contract, of each fault."""
    own = [row for row in tickets if row["circuit"] == terms["circuit"]]
    own.sort(key=lambda row: (minute(row["raised"]), row["reference"]))
    lines = []
    for start, end, by in found:
        if blamed(by) != "supplier":
            continue
        ticket = next((row for row in own if start <= minute(row["raised"]) < end), None)
        raised = minute(ticket["raised"]) if ticket else None
        begins = start if terms.get("fix_clock") == "detection" else raised
        counts = None
        if begins is not None:
            standing = {now for who in by if who != "supplier" for now in by[who] if now >= begins}
            for pause in filter(None, ((ticket or {}).get("pauses") or "").split(";")):
                reason, stretch = pause.split()
                if reason in names(terms.get("clock_stops")):
                    first, last = stretch.split("/")
                    standing |= set(range(max(minute(first), begins), min(minute(last), end)))
            counts = end - begins - len(standing)
        told = ticket["reference"] if ticket else None
        lines.append([start, told, end - start, None if raised is None else end - raised, counts])
    return lines


def credit(
    figures: Counts, faults: list[list[Any]], terms: Row | None, share: Fraction, given: Counts
) -> Record | None:
    """Return the possible credit of a stretch in pence; `given` is what came before it under a cap."""
    if not terms or not terms.get("monthly") or not terms.get("credits"):
        return None
    monthly = number(terms["monthly"])
    charge = monthly * share
    told, _, period = (terms.get("cap") or "").partition(" of ")
    cap, period = None, period.strip()
    if told:
        cap = max(pence(worth(told, monthly * _MONTHS[period], monthly)) - given.get(period, 0), 0)
    if not figures["up"] + figures["down"] + figures["elsewhere"]:
        return {"pence": None, "cap_pence": cap, "workings": []}
    counted = sum(figures.values()) - figures["excluded"]
    kept = Fraction(counted - figures["down"], counted) * 100 if counted else Fraction(100)
    parts = (part.partition(":") for part in terms["credits"].split(";"))
    schemes = {name.strip(): told for name, _, told in parts}
    over = _over(faults, terms)
    lines: list[list[Any]] = []
    tiers = {number(name[6:]): told for name, told in schemes.items() if name.startswith("below ")}
    reached = [below for below in tiers if kept < below]
    if reached:
        lines.append(["availability tier", pence(worth(tiers[min(reached)], charge, monthly))])
    if "per point" in schemes and kept < number(terms["availability"]):
        points = number(terms["availability"]) - kept
        lines.append(["per point", pence(worth(schemes["per point"], charge, monthly) * points)])
    for name, times in (("per hour over fix", sum(over)), ("per missed fix", sum(map(bool, over)))):
        if name in schemes and times:
            lines.append([name, pence(worth(schemes[name], charge, monthly) * times)])
    sums = [line[1] for line in lines]
    due = sum(sums) if terms.get("combine") == "sum" else max(sums, default=0)
    due = due if cap is None else min(due, cap)
    given[period] = given.get(period, 0) + due
    return {"pence": due, "cap_pence": cap, "workings": lines}


def _over(faults: list[list[Any]], terms: Row) -> list[int]:
    fix = seconds(terms["fix"]) if terms.get("fix") else None
    running = [Fraction(fault[4], 60) for fault in faults if fault[4] is not None]
    return [max(math.ceil(hours - fix / 3600), 0) for hours in running] if fix is not None else []


def worth(told: str, charge: Fraction, monthly: Fraction) -> Fraction:
    """Return "5%" of a charge, "£50" or "one day" of the year's charge, in pounds."""
    told = told.strip()
    if told.endswith("%"):
        return charge * number(told) / 100
    if told.startswith("£"):
        return number(told)
    days = told.split()[0]
    return monthly * 12 / 365 * (1 if days == "one" else int(days))


def pence(pounds: Fraction) -> int:
    """Return whole pence; half of one goes up."""
    return math.floor(pounds * 100 + Fraction(1, 2))
