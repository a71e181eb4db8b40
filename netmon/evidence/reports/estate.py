"""The report of the estate: every site read and reduced in turn, then put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

from netmon.errors import NetmonError
from netmon.evidence.admitted import Ruling
from netmon.evidence.calendar import Days, local_time
from netmon.evidence.claim import METHOD
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.sites import SiteRow
from netmon.evidence.reports.estate_counts import causes, counts, groups, totals
from netmon.evidence.reports.estate_figures import count
from netmon.evidence.reports.estate_gaps import gaps, unmeasured_sites
from netmon.evidence.reports.estate_league import league
from netmon.evidence.reports.estate_line import now_of
from netmon.evidence.reports.estate_method import method, yardsticks
from netmon.evidence.reports.estate_model import EstateHeader, EstateReport, EstateUpgrade, Excluded
from netmon.evidence.reports.estate_money import contract_rows, credits_of, held, prices, quarters, spend
from netmon.evidence.reports.estate_ranking import ranked
from netmon.evidence.reports.estate_record import SiteRecord
from netmon.evidence.reports.estate_shared import shared
from netmon.evidence.reports.estate_site import SiteJob
from netmon.evidence.reports.estate_upgrades import UpgradeJob, upgrade_jobs
from netmon.evidence.reports.estate_waves import in_order, waves
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.model import Reference
from netmon.evidence.reports.subject import NothingMeasured
from netmon.evidence.reports.workers import WorkError, Workshop, cores
from netmon.evidence.sources.source import Line, Source

_LINE_DAYS_OF_A_PROCESS = 1000
"""A process takes a second to start: as long as reading so many days of a line."""


@dataclass(frozen=True, slots=True)
class AskedEstate:
    """Which days of all sites are wanted, each in its own time zone.

    `as_of` is the day from which days are counted, and what is known of claims. `origin` says in words
    where measurements come from.
    """

    first: date
    last: date
    as_of: date
    origin: str


@dataclass(frozen=True, slots=True)
class _Desk:
    """What is done with a job, wherever it is done."""

    inputs: Inputs

    def __call__(self, source: Source, job: SiteJob | UpgradeJob) -> SiteRecord | EstateUpgrade:
        try:
            return job.done(source, self.inputs)
        except NetmonError as error:
            raise WorkError(f"site {job.site}: {error}") from error


def estate_report(
    open_source: Callable[[], Source], inputs: Inputs, asked: AskedEstate, processes: int | None = None
) -> EstateReport:
    """Return the finished report.

    `open_source` is called once in each process: with more than one it has to be picklable, such as a
    `partial` of a class. The answer does not depend on how many there are; None: as many as there are cores,
    and as are worth starting. NothingMeasured where nobody measured: zeros would be read as answers.
    """
    source = open_source()
    try:
        lines = sorted(source.lines(Days(asked.first, asked.last, SiteRow(site="any").timezone)))
    finally:
        source.close()
    if not lines:
        raise NothingMeasured(f"nothing was measured from {asked.first} to {asked.last}")
    jobs: list[SiteJob | UpgradeJob] = [
        *_site_jobs(lines, asked),
        *upgrade_jobs(lines, inputs, asked.first, asked.last, asked.as_of),
    ]
    worth = len(lines) * ((asked.last - asked.first).days + 1) // _LINE_DAYS_OF_A_PROCESS + 1
    answers = Workshop(open_source, _Desk(inputs)).answers(jobs, processes or min(cores(), worth))
    sites = [one for one in answers if isinstance(one, SiteRecord)]
    upgrades = in_order(one for one in answers if isinstance(one, EstateUpgrade))
    return _put_together(asked, inputs, lines, sites, upgrades)


def _site_jobs(lines: Iterable[Line], asked: AskedEstate) -> Iterator[SiteJob]:
    by_site: dict[str, list[Line]] = {}
    for line in lines:
        by_site.setdefault(line.site, []).append(line)
    for some in by_site.values():
        yield SiteJob(tuple(some), asked.first, asked.last, asked.as_of)


def _put_together(
    asked: AskedEstate,
    inputs: Inputs,
    lines: Sequence[Line],
    sites: Sequence[SiteRecord],
    upgrades: Sequence[EstateUpgrade],
) -> EstateReport:
    records = {line.circuit: line for site in sites for line in site.lines if line.terms is not None}
    contracts = held(inputs, records, asked.last, asked.as_of)
    credit = credits_of(sites, inputs, asked.last, asked.as_of)
    rows = ranked(sites, contracts, credit.entries)
    unmeasured = unmeasured_sites((site.site for site in sites), inputs)
    return EstateReport(
        header=_header(asked, len(sites), len(unmeasured), len(lines)),
        counts=tuple(counts(sites, len(unmeasured))),
        totals=totals(sites, rows, spend(contracts), credit.recovered),
        league=tuple(league(sites)),
        standings=credit.standings,
        prices=tuple(prices(contracts)),
        quarters=tuple(quarters(contracts)),
        sites=tuple(rows),
        groups=tuple(groups(rows)),
        waves=tuple(waves(upgrades)),
        upgrades=tuple(upgrades),
        causes=tuple(causes(sites)),
        shared=tuple(shared(sites)),
        contracts=tuple(contract_rows(contracts)),
        claims=credit.rows,
        gaps=tuple(gaps(lines, inputs, asked.first, asked.last)),
        exclusions=tuple(_excluded(sites)),
        method=tuple(method()),
        yardsticks=tuple(yardsticks()),
        sources=(Reference("measurements", asked.origin),),
    )


def _header(asked: AskedEstate, sites: int, unmeasured: int, circuits: int) -> EstateHeader:
    note = f"in sites.csv, and not measured: {unmeasured}" if unmeasured else ""
    return EstateHeader(
        asked.first,
        asked.last,
        now_of(Days(asked.first, asked.last)).first,
        asked.as_of,
        count(sites, sites + unmeasured, note),
        count(circuits),
        METHOD,
        f"netmon-edge {version('netmon-edge')}",
    )


def _excluded(sites: Iterable[SiteRecord]) -> Iterator[Excluded]:
    """Yield what was asked to be left out, once for all months; what was refused as well."""
    for site in sites:
        zone = Days(date.min, date.min, (site.row or SiteRow(site=site.site)).timezone).zone
        for line in site.lines:
            found: dict[tuple[object, ...], list[Ruling]] = {}
            for ruling in line.rulings:
                one = ruling.exclusion
                found.setdefault((*one.minutes, one.cause, one.reference), []).append(ruling)
            for rulings in found.values():
                one = rulings[0].exclusion
                start, end = (local_time(minute, zone) for minute in one.minutes)
                yield Excluded(
                    line.circuit,
                    start,
                    end,
                    one.cause,
                    Figure(sum(ruling.minutes for ruling in rulings), Unit.MINUTES),
                    "; ".join(dict.fromkeys(ruling.reason for ruling in rulings if ruling.reason)),
                    one.agreed_by,
                    one.reference,
                )
