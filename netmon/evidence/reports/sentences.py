"""The verdict lines: four questions, answered in one sentence each, with the number and its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netmon.evidence.claim_ledger import Standing
from netmon.evidence.notice import Urgency
from netmon.evidence.reports.model import CircuitPart, Question, Sentence
from netmon.evidence.reports.money import Dates
from netmon.evidence.reports.parts import Promise
from netmon.evidence.reports.promises import DOWNLOAD, UPLOAD, of_contract, title_of
from netmon.evidence.reports.said import day_words, days_words, percent, said, whole
from netmon.evidence.sources.source import ALL_LINES
from netmon.evidence.verdicts import Verdict

_FULL_SHARE, _BUSY_SHARE, _KNOWN_SHARE = 0.01, 0.8, 0.5
_SPEEDS = (DOWNLOAD, UPLOAD)
_STARTS = {Verdict.PASS: "Yes", Verdict.FAIL: "No", Verdict.NOT_SHOWN: "Not shown"}


def sentences(part: CircuitPart, serving: int) -> Iterator[Sentence]:
    """Yield the four lines of a circuit; `serving` is the number of service minutes in the report's days."""
    yield _bandwidth(part, serving)
    speeds = [row for row in part.promises if row.claim_ready is not None and of_contract(row)]
    yield Sentence(Question.DELIVERED, part.circuit, *_kept(speeds, _SPEEDS, "no speed test counts"))
    times = [row for row in part.promises if row.name == "availability"]
    yield Sentence(Question.RELIABLE, part.circuit, *_kept(times, ("availability",), _seen(times)))
    todo = list(_actions(part))
    yield Sentence(Question.ACTION, part.circuit, None, " ".join(todo) or "Nothing is due.")


def _bandwidth(part: CircuitPart, serving: int) -> Sentence:
    share, known = part.use.saturated_share, part.use.saturated.n or 0
    minutes = f"{known:,} of {serving:,} service minutes"
    if not serving:
        words = "Not shown: nobody is served in these days."
        return Sentence(Question.BANDWIDTH, part.circuit, Verdict.NOT_SHOWN, words)
    if not isinstance(share.value, float) or known < _KNOWN_SHARE * serving:
        words = f"Not shown: how full the line was is known for {minutes}."
        return Sentence(Question.BANDWIDTH, part.circuit, Verdict.NOT_SHOWN, words)
    busy = part.use.busy_share
    full = f"the line was full in {percent(share.value)} of the service minutes that are known ({minutes})"
    top = f"; in the busy hour it reached {said(busy)} of the contracted rate" if busy.known else ""
    if isinstance(part.use.saturated.value, int) and part.use.saturated.value > _FULL_SHARE * serving:
        verdict = Verdict.FAIL  # whatever the other minutes were
    elif share.value <= _FULL_SHARE and isinstance(busy.value, float) and busy.value < _BUSY_SHARE:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.NOT_SHOWN
    return Sentence(Question.BANDWIDTH, part.circuit, verdict, f"{_STARTS[verdict]}: {full}{top}.")


def _kept(rows: Sequence[Promise], needed: Sequence[str], nothing: str) -> tuple[Verdict, str]:
    """Return one answer for several promises: broken once is broken, and the row that decides is told.

    It is yes only where all that is needed is promised: what nobody wrote down was not kept.
    """
    promised = [row for row in rows if row.promised.known]
    if promised:
        order = (Verdict.FAIL, Verdict.NOT_SHOWN, Verdict.PASS)
        worst = min(promised, key=lambda row: order.index(row.verdict))
        words = f"{_of(worst, rows)} {_held(worst)}; {worst.why}"
        missing = [name for name in needed if not _promised(name, rows)]
        if worst.verdict is not Verdict.PASS or not missing:
            return worst.verdict, f"{_STARTS[worst.verdict]}: {words}."
        unknown = f"what was promised of {' and '.join(missing)} is not known for all days"
        return Verdict.NOT_SHOWN, f"Not shown: {words}; {unknown}."
    known = [row for row in rows if row.kept.known or (row.median and row.median.known)]
    # What comes to the site first; of several stretches the latest.
    told = next((row for row in reversed(known) if row.name == DOWNLOAD), known[-1] if known else None)
    measured = f"{_of(told, rows)} {_held(told)}" if told else nothing
    return Verdict.NOT_SHOWN, f"Not shown: no promise is known here; {measured}."


def _promised(name: str, rows: Sequence[Promise]) -> bool:
    """Tell whether something was promised on all days of these rows."""
    return {row.first for row in rows if row.name == name and row.promised.known} >= {
        row.first for row in rows
    }


def _seen(times: Sequence[Promise]) -> str:
    """Return how many minutes are known where they are too few for a percentage."""
    known = sum(row.kept.n or 0 for row in times)
    if not known:
        return "no minute is known"
    return f"{known:,} minutes are known, too few of these days for a percentage"


def _of(row: Promise, rows: Sequence[Promise]) -> str:
    """Return what was promised, and of which days where there are several."""
    name = title_of(row)
    several = len({one.first for one in rows}) > 1
    return f"{name} of {days_words(row.first, row.last)}" if several else name


def _held(row: Promise) -> str:
    if row.claim_ready is None:
        promised = f", {said(row.promised)} is promised" if row.promised.known else ""
        return f"{'was' if row.kept.known else 'is'} {whole(row.kept)}{promised}"
    if row.promised.known and not row.kept.known:
        return f"is to reach {said(row.promised)}, and no test tells whether it did"
    if not row.promised.known and row.median:
        return f"was {whole(row.median)}"
    return f"reached {said(row.promised)} in {whole(row.kept)} of the tests"


def _actions(part: CircuitPart) -> Iterator[str]:
    """Yield what somebody has to do, the nearest reason first."""
    for row in part.money.credits:
        if row.standing is Standing.CLAIMABLE:
            by = f" by {said(row.claim_by)}" if row.claim_by.known else ""
            money = f"{said(row.possible)} for {row.period}"
            yield f"Claim the possible credit of {money}{by}, subject to contract."
    dates = part.money.dates
    if dates is not None and dates.urgency in (Urgency.RED, Urgency.AMBER):
        yield f"Decide about the contract: {_deadline(dates)}."
    if part.use.required.known and part.use.saturated_share.known and _is_full(part):
        yield f"Plan for {said(part.use.required)} or more ({part.use.required.note})."
    for panel in part.upgrades:
        near = [words for words in panel.warnings if words.startswith("cutover in")]
        yield from (f"Upgrade of {day_words(panel.cutover)}: {words}." for words in near)
    if part.circuit == ALL_LINES:
        yield "Name the line as a [[circuit]] in the configuration to have its use and its tests."
    if not part.contracts:
        yield "Give the contract (contracts.csv) to have this judged."


def _deadline(dates: Dates) -> str:
    left = dates.days_left.value
    if isinstance(left, int) and left < 0:
        return f"the last day to give notice was {said(dates.notice_by)}; its term ends on {said(dates.ends)}"
    return f"notice is to be given by {said(dates.notice_by)}"


def _is_full(part: CircuitPart) -> bool:
    share = part.use.saturated_share.value
    return isinstance(share, float) and share > _FULL_SHARE
