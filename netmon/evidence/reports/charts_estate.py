"""Small charts of an estate: one for each type of site, or supplier, all on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from netmon import wording as human
from netmon.evidence.reports.charts_use import LIMIT
from netmon.evidence.reports.drawing import Axis, Chart, Key, Shape, Word, disc, level, triangle, upright
from netmon.evidence.reports.estate_model import GroupRow

_WIDTH, _LEFT, _FOOT, _DOT = 220, 14, 16, 2.4
_STACK_MAX = 12
_TOP_SHARE = 1.2
"""Use above the contracted rate is drawn at the end of the scale."""


def group_chart(row: GroupRow) -> Chart:
    """Draw one dot for each site of a group, by how full its line is in the busy hour."""
    known = sorted(point.busy_share for point in row.points if point.busy_share is not None)
    x = Axis(0, _TOP_SHARE, _LEFT, _WIDTH - 20)
    stacks: dict[int, int] = {}
    high = low = ""
    for share in known:
        place = round(x.at(share) / (2 * _DOT))
        stacks[place] = stacks.get(place, 0) + 1
    tall = min(max(stacks.values(), default=1), _STACK_MAX)
    base = 12 + tall * 2 * _DOT
    drawn: dict[int, int] = {}
    for share in known:
        place = round(x.at(share) / (2 * _DOT))
        drawn[place] = drawn.get(place, 0) + 1
        px, py = place * 2 * _DOT, base - (min(drawn[place], _STACK_MAX) - 0.5) * 2 * _DOT
        if share >= LIMIT:
            high += triangle(px, py, _DOT)
        else:
            low += disc(px, py, _DOT - 0.2)
    ticks = [Word(x.at(share), base + 12, human.share(share), "middle") for share in (0, 0.4, 0.8, 1.2)]
    return Chart(
        "group",
        f"Busy hour by {row.by}: {row.group}",
        _found(row, known),
        "Each dot is one site.",
        round(base + _FOOT),
        (
            Shape("axis", level(_LEFT, base, _WIDTH - 20 - _LEFT)),
            Shape("limit", upright(x.at(LIMIT), 2, base - 2)),
            *(Shape(kind, path) for kind, path in (("point", low), ("over", high)) if path),
        ),
        tuple(ticks),
        width=_WIDTH,
    )


def _found(row: GroupRow, known: Sequence[float]) -> str:
    over = sum(share >= LIMIT for share in known)
    blank = len(row.points) - len(known)
    middle = f"middle {human.share(known[(len(known) - 1) // 2])}" if known else f"use {human.UNKNOWN}"
    return (
        f"{len(row.points)} {'site' if len(row.points) == 1 else 'sites'}, {middle}, {over} at 80 % and over"
        + (f", {blank} {human.UNKNOWN}." if blank else ".")
    )


GROUP_KEY = (
    Key(Shape("point", disc(8, 6, 3)), "a site under 80 % of its contracted rate in the busy hour"),
    Key(Shape("over", triangle(8, 6, 3.4)), "a site at 80 % and over"),
    Key(Shape("limit", upright(8, 0, 12)), "80 %"),
)
"""One key for all of them."""
