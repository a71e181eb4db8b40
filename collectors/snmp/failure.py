"""What a device's error-status means for the run that met it."""

from __future__ import annotations

from typing import Final

from collectors.snmp.message import Status
from netmon import sdk

_DENIED: Final = {Status.NO_ACCESS, Status.AUTHORIZATION_ERROR}


def refusal(status: int, name: str) -> sdk.SourceError | None:
    """Return the error that ends a run; None for a status that asking otherwise may get round."""
    if status in _DENIED:
        words = Status(status).name
        return sdk.SourceError(
            sdk.Outcome.DENIED, f"{name}: the agent does not let this community or user read it ({words})"
        )
    return None


def garbled(name: str, detail: object) -> sdk.SourceError:
    """Return the error for an answer that breaks the protocol."""
    return sdk.SourceError(sdk.Outcome.GARBLED, f"{name}: {detail}")
