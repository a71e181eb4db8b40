"""`netmon report`: a site, a circuit or the whole estate, as a page, a document or a table."""

from __future__ import annotations

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from netmon.cli.report_days import add_days, asked_days
from netmon.cli.report_mail import add_mail, mail, refuse_mail_alone
from netmon.cli.report_own import own_site
from netmon.cli.report_source import Opening, add_source, opening, spoken
from netmon.clock import Clock, SystemClock
from netmon.errors import UsageError
from netmon.evidence.calendar import Days
from netmon.evidence.claim import METHOD
from netmon.evidence.inputs.files import Inputs, read_folder
from netmon.evidence.inputs.sites import SiteRow
from netmon.evidence.reports.chain_root import chain_root
from netmon.evidence.reports.document import document, write_document
from netmon.evidence.reports.issued import Issued, issue, issue_day, period_name, refuse_early
from netmon.evidence.reports.model import Kind, Revision
from netmon.evidence.reports.site import Asked, site_report
from netmon.evidence.reports.spread import write_tables
from netmon.evidence.reports.subject import circuit_line, site_lines, usual_days
from netmon.evidence.reports.tidy import write_table
from netmon.evidence.site_words import with_site_words
from netmon.evidence.sources.source import Line, Source
from netmon.evidence.yardsticks import YARDSTICKS
from netmon.sdk import Command

FORMATS = ("html", "json", "csv")
_MINUTE_MS, _DAY_MS = 60_000, 86_400_000
_EARLIER_DAYS, _LATER_DAYS = 62, 92
"""Around a period: what people wrote of its faults before it, and after it."""


class ReportCommand(Command):
    """Print what the measurements prove, in one of three forms with the same numbers."""

    summary = "a site, a circuit or the estate: what was promised, delivered, and is owed"

    def __init__(self, clock: Clock | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._clock, self._environ = clock or SystemClock(), environ

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what is reported, its days, its sources and where it goes."""
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        site = actions.add_parser("site", help="one site with all its circuits")
        site.add_argument("subject", nargs="?", metavar="SITE", help="its id (default: the only one)")
        circuit = actions.add_parser("circuit", help="one circuit")
        circuit.add_argument("subject", metavar="CIRCUIT", help="its id")
        for one in (site, circuit):
            names = ", ".join(sorted(YARDSTICKS))
            one.add_argument(
                "--yardstick",
                metavar="NAME",
                action="append",
                choices=sorted(YARDSTICKS),
                help=f"judge by: {names}",
            )
        estate = actions.add_parser("estate", help="all sites: counts, leagues, a ranked table")
        estate.add_argument(
            "--processes", type=int, metavar="N", help="how many read (default: one a core at most)"
        )
        for action in actions.choices.values():
            add_days(action)
            add_source(action)
            _add_output(action)
            add_mail(action)

    def run(self, options: Namespace) -> int:
        """Report; 1 when nothing was measured, it is too early to issue, or somebody got no letter."""
        refuse_mail_alone(options)
        inputs = read_folder(options.inputs) if options.inputs else Inputs()
        found = opening(options, self._environ)
        report = self._estate if options.action == "estate" else self._site
        finished = report(options, inputs, found)
        issued = _deliver(options, finished)
        if issued is None or not options.mail:
            return 0
        return 0 if mail(options, issued, finished.title, self._environ, self._clock) else 1

    def _today(self, timezone: str) -> date:
        return datetime.fromtimestamp(self._clock.wall_ns() / 1e9, ZoneInfo(timezone)).date()

    def _site(self, options: Namespace, inputs: Inputs, found: Opening) -> _Finished:
        if not (options.influxdb or options.prometheus or options.exports or options.sites):
            inputs = _with_own(inputs, own_site(options.config, self._environ))
        with closing(found.make()) as source:
            lines, days = self._subject(options, inputs, source)
            today = self._today(days.timezone)
            as_of = _as_of(options, days, today)
            start_ms, end_ms = days.start_minute * _MINUTE_MS, days.end_minute * _MINUTE_MS
            told = spoken(found, start_ms - _EARLIER_DAYS * _DAY_MS, end_ms + _LATER_DAYS * _DAY_MS)
            inputs = with_site_words(inputs, told)
            root = chain_root(found.folders[0], days) if len(found.folders) == 1 else None
            yardsticks = tuple(options.yardstick or ())
            asked = Asked(Kind(options.action), lines, days, as_of, found.origin, yardsticks, root)
            report = site_report(source, inputs, asked)
        name = lines[0].site if options.action == "site" else lines[0].circuit
        return _Finished(options.action, name, days.first, days.last, report, _site_page)

    def _subject(self, options: Namespace, inputs: Inputs, source: Source) -> tuple[tuple[Line, ...], Days]:
        """Return the circuits and their days, which are those of the site's own time zone."""
        guess = _zone(inputs, options.subject if options.action == "site" else None)
        today = self._today(guess)
        days = asked_days(options, today, guess) or usual_days(source, today, guess)
        if options.action == "circuit":
            lines: tuple[Line, ...] = (circuit_line(source, inputs, options.subject, days),)
        else:
            lines = site_lines(source, inputs, options.subject, days)
        return lines, Days(days.first, days.last, _zone(inputs, lines[0].site))

    def _estate(self, options: Namespace, inputs: Inputs, found: Opening) -> _Finished:
        from netmon.evidence.reports.estate import AskedEstate, estate_report  # noqa: PLC0415 - sites need none

        today = self._today(_zone(inputs, None))
        days = asked_days(options, today, _zone(inputs, None))
        if days is None:
            raise UsageError("name the days: --month 2026-03, or --from and --to")
        as_of = _as_of(options, days, today)
        start_ms, end_ms = days.start_minute * _MINUTE_MS, days.end_minute * _MINUTE_MS
        told = spoken(found, start_ms - _EARLIER_DAYS * _DAY_MS, end_ms + _LATER_DAYS * _DAY_MS)
        asked = AskedEstate(days.first, days.last, as_of, found.origin)
        report = estate_report(found.make, with_site_words(inputs, told), asked, options.processes)
        return _Finished("estate", "", days.first, days.last, report, _estate_page)


@dataclass(frozen=True, slots=True)
class _Finished:
    """A report, whatever it is about, and how its page is made."""

    kind: str
    name: str
    first: date
    last: date
    report: object
    page: Callable[[object], str]

    @property
    def title(self) -> str:
        """What it is, in a line."""
        what = " ".join(filter(None, (self.kind, self.name)))
        return f"netmon: report of {what}, {period_name(self.first, self.last)}"

    def texts(self, revision: Revision | None, formats: tuple[str, ...] = FORMATS) -> Mapping[str, str]:
        """Return the wanted forms, of a revision or of a report that is not issued."""
        report = self.report if revision is None else replace(self.report, revision=revision)  # type: ignore[type-var]  # all reports have one
        found = document(self.kind, METHOD, report)
        makers: Mapping[str, Callable[[], str]] = {
            "html": partial(self.page, report),
            "json": partial(write_document, found),
            "csv": partial(write_table, found),
        }
        return {name: makers[name]() for name in formats}


def _deliver(options: Namespace, found: _Finished) -> Issued | None:
    """Issue the report, or write it where it was wanted; return what was issued."""
    if options.issue:
        name = "-".join(filter(None, (found.kind, found.name, period_name(found.first, found.last))))
        made = issue(options.issue, name, document(found.kind, METHOD, found.report), found.texts)
        told = "issued" if made.written else "unchanged"
        sys.stdout.writelines(f"{told}: {path}\n" for path in made.files)
        return made
    if options.tables:
        tables = write_tables(document(found.kind, METHOD, found.report), options.tables)
        sys.stdout.writelines(f"{path}\n" for path in tables)
        return None
    wanted = _format(options)
    text = found.texts(None, (wanted,))[wanted]
    if options.output in (None, "-"):
        sys.stdout.write(text)
        return None
    try:
        Path(options.output).write_text(text, "utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{options.output}: {error.strerror}") from error
    return None


def _format(options: Namespace) -> str:
    """Return the form that was asked for, by name or by the file's ending."""
    if options.format or options.json:
        return options.format or "json"
    ending = Path(options.output or "").suffix.removeprefix(".")
    return ending if ending in FORMATS else FORMATS[0]


def _as_of(options: Namespace, days: Days, today: date) -> date:
    if not options.issue:
        return today
    refuse_early(days.last, today)
    return issue_day(days.last)


def _zone(inputs: Inputs, site: str | None) -> str:
    """Return a site's time zone; without a site that of the only one known, else the files' default."""
    if site is None and len(inputs.sites) == 1:
        site = next(iter(inputs.sites))
    row = inputs.sites.get(site or "")
    return (row or SiteRow(site="any")).timezone


def _with_own(inputs: Inputs, own: SiteRow | None) -> Inputs:
    if own is None or own.site in inputs.sites:
        return inputs
    return replace(inputs, sites={**inputs.sites, own.site: own})


def _site_page(report: object) -> str:
    from netmon.evidence.reports.page import site_page  # noqa: PLC0415 - documents need no templates

    return site_page(report)  # type: ignore[arg-type]  # it is a site's report


def _estate_page(report: object) -> str:
    from netmon.evidence.reports.page import estate_page  # noqa: PLC0415 - as above

    return estate_page(report)  # type: ignore[arg-type]  # it is an estate's report


def _add_output(parser: ArgumentParser) -> None:
    parser.add_argument("--inputs", metavar="DIR", type=Path, help="folder of contracts.csv and others")
    parser.add_argument("--format", choices=FORMATS, help="default: by the file's ending, else html")
    parser.add_argument("--output", metavar="FILE", help="file, or - (default: standard output)")
    parser.add_argument("--tables", metavar="DIR", type=Path, help="one CSV for each table, instead")
    parser.add_argument("--issue", metavar="DIR", type=Path, help="freeze the period: files with a revision")
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="the same as --format json")
