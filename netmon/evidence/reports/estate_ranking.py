"""The ranked table of sites: by a declared and simple order, which anybody can repeat from its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netmon import wording as human
from netmon.evidence.bottleneck import Cause
from netmon.evidence.claim_ledger import Entry
from netmon.evidence.grade import Grade
from netmon.evidence.reports import estate_figures as told
from netmon.evidence.reports.estate_actions import actions, recommended
from netmon.evidence.reports.estate_model import RankedSite
from netmon.evidence.reports.estate_money import Held
from netmon.evidence.reports.estate_months import both_ways
from netmon.evidence.reports.estate_record import LineRecord, SiteRecord
from netmon.evidence.reports.figure import Figure, Unit, figure, on, pounds

ORDER = (
    "Sites are in order of the share of service minutes in which their fullest circuit was full (each user "
    "has these minutes: congested user-minutes per user), then of its busy hour, then of user-minutes lost. "
    "Where less than 70 % of the service minutes are known, a site has no rank and comes last."
)
LEAST_KNOWN = 0.7


def ranked(
    sites: Iterable[SiteRecord], contracts: Sequence[Held], entries: Sequence[Entry]
) -> list[RankedSite]:
    """Return all sites in their order; equal ones share a rank."""
    ordered = sorted(sites, key=lambda site: (not _rankable(site), _key(site), site.site))
    keys = [_key(site) for site in ordered if _rankable(site)]
    return [_row(site, _rank(site, keys), contracts, entries) for site in ordered]


def fullest(site: SiteRecord) -> LineRecord:
    """Return the circuit that was full most of its known service minutes."""
    return max(site.lines, key=lambda line: (_or_least(line.full.share), _or_least(line.busy.p95)))


def _or_least(value: float | None) -> float:
    return -1.0 if value is None else value


def _rankable(site: SiteRecord) -> bool:
    full = fullest(site).full
    return bool(full.served) and full.known >= LEAST_KNOWN * full.served


def _key(site: SiteRecord) -> tuple[float, float, float]:
    line = fullest(site)
    return (
        -_or_least(line.full.share),
        -_or_least(line.busy.p95),
        -_or_least(site.lost[0] if site.lost else None),
    )


def _rank(site: SiteRecord, keys: Sequence[tuple[float, float, float]]) -> Figure:
    if not _rankable(site):
        return Figure(None, Unit.COUNT, note="no rank: too little of its use was seen")
    return Figure(1 + sum(key < _key(site) for key in keys), Unit.COUNT, len(keys))


def _row(site: SiteRecord, rank: Figure, contracts: Sequence[Held], entries: Sequence[Entry]) -> RankedSite:
    # A contract of the same name that is for another site is another line's.
    others = {one.circuit for one in contracts if one.terms.site not in {None, site.site}}
    circuits = {line.circuit for line in site.lines} - others
    own = [one for one in contracts if one.terms.site == site.site or one.circuit in circuits]
    todo = list(actions(site, own, [one for one in entries if one.circuit in circuits]))
    first, line, row = recommended(todo), fullest(site), site.row
    return RankedSite(
        rank=rank,
        site=site.site,
        name=(row.name or None) if row else None,
        kind=(row.kind or None) if row else None,
        circuits=tuple(one.circuit for one in site.lines),
        suppliers=tuple(
            sorted({one.terms.supplier for one in site.lines if one.terms and one.terms.supplier})
        ),
        users=Figure(row.users if row else None, Unit.COUNT),
        busy_share=busy_share(line),
        saturated=_saturated(line),
        saturated_share=saturated_share(line),
        required=_required(line),
        user_minutes_lost=lost(site),
        delivered_share=delivered_share(site),
        delivered=both_ways(part.delivered for one in site.lines for part in one.parts),
        supplier_down=_supplier_down(site),
        available=both_ways(part.kept for one in site.lines for part in one.parts),
        narrow=_narrow(site),
        monthly=told.added((one.price.monthly for one in own), Unit.POUNDS, "contracts")
        if own
        else pounds(None, "no contract is known"),
        ends=_soonest(own, "ends"),
        notice_by=_soonest(own, "notice"),
        grade=max((one.grade for one in site.lines), default=Grade.D),
        action=first.words,
        reason=first.reason,
        also=tuple(f"{one.words}: {one.reason}" for one in todo[1:]),
    )


def busy_share(line: LineRecord) -> Figure:
    """Return the busy hour's 95th percentile, with the hour and the days that it is of."""
    busy = line.busy
    hour = "" if busy.hour is None else f"{busy.hour:02d}:00 to {(busy.hour + 1) % 24:02d}:00"
    coverage = busy.peak_days / busy.days if busy.days else None
    return figure(busy.p95, Unit.SHARE, n=busy.peak_days, coverage=coverage, note=hour or told.NOT_KNOWN)


def saturated_share(line: LineRecord) -> Figure:
    """Return the share of service minutes in which it was full; unknown minutes are its bounds."""
    full = line.full
    if not full.known:
        return Figure(None, Unit.SHARE, n=0, note=told.NOT_KNOWN)
    least, most = full.minutes / full.served, (full.minutes + full.served - full.known) / full.served
    return figure(
        full.share, Unit.SHARE, n=full.known, between=(least, most), coverage=full.known / full.served
    )


def delivered_share(site: SiteRecord) -> Figure:
    """Return the share of tests towards the site that reached 90 % of what was contracted."""
    tests = sum(line.tested.tests for line in site.lines)
    return told.of_those(tests - sum(line.tested.fails for line in site.lines), tests, "valid test")


def lost(site: SiteRecord) -> Figure:
    """Return user-minutes that were lost while all circuits were down."""
    if not any(_known(line) for line in site.lines):
        return Figure(None, Unit.USER_MINUTES, note=told.NOT_KNOWN)
    if site.lost is None:
        return Figure(None, Unit.USER_MINUTES, note="users are not known")
    return figure(site.lost[0], Unit.USER_MINUTES, between=site.lost)


def _known(line: LineRecord) -> int:
    account = line.account
    return account.total - account.unknown - account.excluded


def _saturated(line: LineRecord) -> Figure:
    full = line.full
    bounds = full.minutes, full.minutes + full.served - full.known
    return told.minutes(full.minutes, full.known, bounds, full.known / full.served if full.served else None)


def _required(line: LineRecord) -> Figure:
    need = line.required
    if need.bits_per_second is None:
        return Figure(None, Unit.RATE, note=told.NOT_KNOWN)
    floor = ", at least: demand beyond it is not known" if need.at_least else ""
    return figure(need.bits_per_second, Unit.RATE, note=f"by {need.by}{floor}")


def _supplier_down(site: SiteRecord) -> Figure:
    accounts = [line.account for line in site.lines]
    parts = [part for line in site.lines for part in line.parts]
    bounds = sum(part.down_bounds[0] for part in parts), sum(part.down_bounds[1] for part in parts)
    known = sum(_known(line) for line in site.lines)
    counted = sum(one.up + one.down + one.unknown for one in accounts)
    coverage = sum(one.up + one.down for one in accounts) / counted if counted else None
    return told.minutes(sum(one.down for one in accounts), known, bounds, coverage)


def _narrow(site: SiteRecord) -> Figure:
    """Name the cause of most bad minutes of all circuits."""
    minutes: dict[Cause, int] = {}
    for line in site.lines:
        for cause, number in line.narrow.minutes:
            minutes[cause] = minutes.get(cause, 0) + number
    bad, known = sum(line.narrow.bad for line in site.lines), sum(line.narrow.known for line in site.lines)
    if not bad:
        return Figure(None, n=known, note="no bad minutes" if known else told.NOT_KNOWN)
    main = max(Cause, key=lambda cause: (minutes.get(cause, 0), -list(Cause).index(cause)))
    share = human.share(minutes[main] / bad)
    return Figure(
        str(main), n=bad, note=f"{share} of {bad:,} bad minutes, rule {list(Cause).index(main) + 1}"
    )


def _soonest(own: Sequence[Held], what: str) -> Figure:
    days = [one.dates.ends if what == "ends" else one.dates.deadline for one in own]
    known = [day for day in days if day is not None]
    return on(min(known, default=None), "" if known else told.NOT_KNOWN)
