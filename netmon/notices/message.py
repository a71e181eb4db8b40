"""One message to a person or a program, whatever the channel makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from netmon.incidents.incident import Severity
from netmon.model import Json, Labels


class Sort(StrEnum):
    """What a message is about."""

    INCIDENT = "incident"
    SUMMARY = "summary"
    """Of what the budget held back."""
    TEST = "test"
    TROUBLE = "trouble"
    """A channel does not do its work."""
    ROOTS = "roots"
    """Seals of finished days, for whoever keeps them."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `id` is the same whenever the same is told again; `key` is that of its thing.

    All text in it is clean. Times are UTC in milliseconds; `ended_ms` is None while it goes on.
    """

    id: str
    key: str
    sort: Sort
    severity: Severity
    firing: bool
    title: str
    """One line: what, where, since when."""
    short: str
    """At most 160 characters of the plain alphabet of text messages."""
    text: str
    """Some lines: all that somebody needs to act."""
    started_ms: int
    ended_ms: int | None = None
    labels: Labels = ()
    """Identity in Alertmanager."""
    data: Mapping[str, Json] = field(default_factory=dict)
    """The incident, for programs."""
