"""The story of a poll as `--trace` tells it: packets, sizes, retries, timing, and what was learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.snmp.message import Request, Status
from collectors.snmp.pace import Step

_AROUND_ID: Final = 4


def exchanged(request: Request, replied: tuple[int, int, int], tries: int, seconds: float) -> str:
    """Tell of a request and its reply, which is octets, varbinds and error-status."""
    octets, varbinds, status = replied
    asked = len(request.head) + _AROUND_ID + len(request.tail)
    again = f", after {_times(tries - 1, 'retry', 'retries')}" if tries > 1 else ""
    refused = "" if status == Status.NO_ERROR else f", error-status {_named(status)}"
    return (
        f"sent {asked} octets for at most {_times(request.most, 'variable', 'variables')}; "
        f"got {octets} octets, {varbinds} varbinds{refused} in {seconds * 1000:.1f} ms{again}"
    )


def planned(sent: Mapping[str, int], seconds: float, *, known: bool) -> str:
    """Tell of a poll by plan; `sent` has requests, resent and varbinds."""
    end = "all as last time but for numbers" if known else "the device answers otherwise now: asking anew"
    again = f", {_times(sent['resent'], 'retry', 'retries')}" if sent["resent"] else ""
    requests = _times(sent["requests"], "packet", "packets")
    return f"by plan: {requests} with {sent['varbinds']} varbinds in {seconds * 1000:.1f} ms{again}; {end}"


def adapted(refused: Step, worked: Step, why: str) -> str:
    """Tell that a request was too much for the device, and what it took instead."""
    return f"{why} on {_size(refused)}; {_size(worked)} worked, and that is remembered"


def _size(step: Step) -> str:
    kind = "GETBULK" if step.bulk else "GETNEXT"
    rows = f" x {_times(step.repetitions, 'row', 'rows')}" if step.bulk else ""
    return f"{kind} of {_times(step.width, 'column', 'columns')}{rows}"


def _named(status: int) -> str:
    return Status(status).name if status in set(Status) else str(status)


def _times(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
