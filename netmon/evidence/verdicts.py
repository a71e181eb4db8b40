"""The three answers to whether a promise was kept."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """Shown to be kept, shown to be broken, or not shown either way."""

    PASS = "pass"  # noqa: S105 - a verdict, no secret
    FAIL = "fail"
    NOT_SHOWN = "not shown"
