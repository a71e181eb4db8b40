"""Moments and periods as people type them: ISO 8601, or so long ago."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from datetime import UTC, datetime

from netmon.errors import UsageError
from netmon.units import duration_seconds


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of wall time in ms, end excluded."""

    start_ms: int
    end_ms: int


def add_period(parser: ArgumentParser, default: str = "") -> None:
    """Declare `--from`, which must be given unless it has a default, and `--to`."""
    help_text = 'ISO 8601 (UTC unless it says), or "-2h"' + (f" (default: {default})" if default else "")
    parser.add_argument(
        "--from", dest="from_", metavar="T", required=not default, default=default, help=help_text
    )
    parser.add_argument("--to", metavar="T", default="now", help="the same (default: now)")
    # Otherwise `--from -2h` would be read as an option of that name.
    parser._negative_number_matcher = re.compile(r"-\d")  # noqa: SLF001 - argparse has no other way


def period(options: Namespace, now_ms: int) -> Period:
    """Return the period that was asked for; UsageError in words."""
    found = Period(moment_ms(options.from_, now_ms), moment_ms(options.to, now_ms))
    if found.start_ms >= found.end_ms:
        raise UsageError(f"the period from {options.from_} to {options.to} is empty")
    return found


def moment_ms(text: str, now_ms: int) -> int:
    """Return wall time in ms for "now", "-2h" and ISO 8601; a time without a zone is UTC."""
    if text == "now":
        return now_ms
    try:
        if text.startswith("-"):
            return now_ms - round(duration_seconds(text[1:]) * 1000)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f'{text!r} is not a time: write "2026-01-31T08:00", "2026-01-31T08:00+01:00" or "-2h" ({error})'
        ) from error
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
