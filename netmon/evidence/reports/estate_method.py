"""How the estate's figures are made, in words that stand on the report."""

from __future__ import annotations

from collections.abc import Iterator

from netmon import wording as human
from netmon.evidence.reports.estate_actions import FULL_SHARE
from netmon.evidence.reports.estate_line import NOW_DAYS, RULE
from netmon.evidence.reports.estate_ranking import ORDER
from netmon.evidence.reports.estate_shared import SEVERAL
from netmon.evidence.reports.model import Reference
from netmon.evidence.yardsticks import YARDSTICKS


def method() -> Iterator[Reference]:
    """Yield the rules, by what they decide."""
    yield from _RULES


_RULES = (
    Reference("not known", "what nobody measured or wrote down is not known: it is in no sum, and never 0"),
    Reference("order of the sites", ORDER),
    Reference(
        "full now",
        f"the busy hour of the last {NOW_DAYS} days (95th percentile of its five minutes) takes "
        f"{human.share(FULL_SHARE)} or more of what was contracted, or the line was full in more than 1 % of "
        "the service minutes, so that true demand is hidden",
    ),
    Reference(
        "availability of suppliers",
        "up by up and down, over all minutes of their circuits within their contracts' hours, less what was "
        "excluded; bounds as if all unknown minutes had been down, or up. Below 95 % coverage there is no "
        "percentage and no place. Places whose bounds overlap are not told apart: a place's bounds say so",
    ),
    Reference(
        "kept",
        "the promised availability was shown to be kept, or broken, in each whole month; "
        "one month broken is broken",
    ),
    Reference("delivered", f"{YARDSTICKS[RULE].title}, in both directions, at an error of 5 %"),
    Reference(
        "credits",
        "possible credit, subject to contract: whole months, each contract's own arithmetic; a person claims",
    ),
    Reference(
        "user-minutes lost",
        "minutes of outages of all of a site's circuits in service hours, times its users",
    ),
    Reference(
        "together",
        f"minutes in which {SEVERAL} sites or more had the same trouble: "
        "one service or one supplier, and nothing of theirs",
    ),
    Reference(
        "upgrades",
        "matched hours of four to eight whole weeks each side, daily medians, Hodges-Lehmann with its "
        "interval widened for memory, confirmed by bootstrap; like sites taken off; Holm over the outcomes "
        "that were declared before",
    ),
)


def yardsticks() -> Iterator[Reference]:
    """Yield all rules by name, with where they come from."""
    for name, one in YARDSTICKS.items():
        yield Reference(name, f"{one.title} ({one.source})")
