"""Query parameters of the API: declared once, read strictly, refused with what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from http import HTTPStatus

from netmon.model import Labels
from netmon.units import duration_seconds
from netmon.web.document_json import Schema
from netmon.web.problem import Problem
from netmon.wording import span


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter."""

    name: str
    description: str
    schema: Schema
    required: bool = False


def bad_request(detail: str) -> Problem:
    """Return the problem of a request that says something wrong."""
    return Problem(HTTPStatus.BAD_REQUEST, detail)


@dataclass(frozen=True, slots=True)
class Period:
    """From when (included) to when (excluded), wall time in ms."""

    start_ms: int
    end_ms: int


class Arguments:
    """The parameters of one request, each read when it is asked for."""

    def __init__(self, query: Mapping[str, Sequence[str]], declared: Sequence[Parameter]) -> None:
        self._query = query
        _refuse_unknown(query, [parameter.name for parameter in declared])
        for parameter in declared:
            if parameter.required and not self.text(parameter.name):
                raise bad_request(f"{parameter.name} is missing: {parameter.description}")

    def text(self, name: str) -> str:
        """Return a text; empty when it was not given."""
        return self._query.get(name, ("",))[0]

    def labels(self, name: str = "key") -> Labels:
        """Return labels given as `name:value`, any number of times."""
        return tuple(_label(name, text) for text in self._query.get(name, ()))

    def limit(self, default: int, maximum: int) -> int:
        """Return how many rows are wanted at most."""
        text = self.text("limit") or str(default)
        if not text.isdecimal() or not 1 <= int(text[:9]) <= maximum:
            raise bad_request(f"limit: {text!r} is not a number from 1 to {maximum}")
        return int(text)

    def seconds(self, name: str, default: str, minimum: float) -> float:
        """Return a duration such as 5m."""
        text = self.text(name) or default
        try:
            seconds = duration_seconds(text)
        except ValueError as error:
            raise bad_request(f"{name}: {error}") from error
        if seconds < minimum:
            raise bad_request(f"{name}: {text!r} is shorter than {minimum:g} s")
        return seconds

    def period(self, now_ms: int, default: timedelta, longest: timedelta) -> Period:
        """Return `from` to `to`; without them, the `default` until now."""
        end_ms = self._moment("to", now_ms)
        start_ms = self._moment("from", end_ms - _milliseconds(default))
        if start_ms >= end_ms:
            raise bad_request("from is not before to")
        if end_ms - start_ms > _milliseconds(longest):
            long, most = span((end_ms - start_ms) / 1000), span(longest.total_seconds())
            raise bad_request(f"from and to are {long} apart; ask for {most} at most, several times")
        return Period(start_ms, end_ms)

    def _moment(self, name: str, default_ms: int) -> int:
        text = self.text(name)
        if not text:
            return default_ms
        try:
            # A plus sign that was not encoded arrives as a blank.
            moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or not 1970 < moment.year < 9000:
            raise bad_request(f"{name}: {text!r} is not a time with its zone, such as 2025-01-31T12:00:00Z")
        return round(moment.astimezone(UTC).timestamp() * 1000)


def _milliseconds(delta: timedelta) -> int:
    return round(delta.total_seconds() * 1000)


def _label(parameter: str, text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name:
        raise bad_request(f"{parameter}: {text!r} is not name:value, such as device:sw1")
    return name, value


def _refuse_unknown(query: Iterable[str], names: Sequence[str]) -> None:
    for given in query:
        if given not in names:
            near = get_close_matches(given, names, n=1)
            known = f"there are: {', '.join(names)}" if names else "there are none here"
            hint = f"did you mean {near[0]!r}?" if near else known
            raise bad_request(f"{given!r} is not a parameter of this path; {hint}")
