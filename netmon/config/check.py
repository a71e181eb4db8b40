"""Check one table against its model, and say what is wrong in words of the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ValidationError

from netmon.config.document import Entry
from netmon.config.schema import model_of
from netmon.config.secret import Scope
from netmon.config.section import Section
from netmon.config.wording import path_text, problems
from netmon.errors import Mistake
from netmon.sdk import Settings


def check_section(entry: Entry, scope: Scope) -> tuple[Section | None, list[Mistake]]:
    """Return the checked table (None when a key is wrong) and its mistakes; warnings go to the scope."""
    model = model_of(entry.section, entry.table)
    try:
        section = model.model_validate_json(as_json(entry.table), context=scope)
    except ValidationError as error:
        return None, list(_mistakes(entry, "", error, model))
    for warning in section.warnings():
        scope.warn(warning.key, warning.problem, warning.hint)
    return section, [entry.mistake(found.key, found.problem, found.hint) for found in section.mistakes()]


def check_settings(
    entry: Entry, key: str, table: Mapping[str, object], settings_type: type[Settings]
) -> tuple[Settings | None, list[Mistake]]:
    """Return a source's own settings (None when one is wrong) and every mistake in them."""
    try:
        return settings_type.model_validate_json(as_json(table)), []
    except ValidationError as error:
        return None, list(_mistakes(entry, key, error, settings_type))


def as_json(table: Mapping[str, object]) -> str:
    """Return the table as JSON, so that strict models take lists for tuples and text for enums and dates."""
    return json.dumps(table, default=str)


def _mistakes(entry: Entry, key: str, error: ValidationError, model: type[BaseModel]) -> Iterator[Mistake]:
    for path, problem, hint in problems(error, model):
        yield entry.mistake(path_text((key, *path) if key else path), problem, hint)
