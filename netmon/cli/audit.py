"""`netmon influx audit`: compare a receiver with the store hour by hour, and send again what it lacks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from netmon.app.sink_settings import sink
from netmon.cli.period import Period
from netmon.clock import Clock
from netmon.delivery.audit import Auditor, Window, differences, tally, windows
from netmon.delivery.audit_influx import InfluxAuditor
from netmon.delivery.audit_remote_write import RemoteWriteAuditor
from netmon.delivery.courier import Courier, Line
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.pacing import Patience
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.sink import Sink
from netmon.errors import Unreachable
from netmon.model import Record
from netmon.store.interface import Entry, Position
from netmon.store.reader import SqliteReader, open_reader
from netmon.units import iso_8601

_RESEND_SECONDS = 600.0
"""Longest time to send one hour again."""
_LOOK_AGAIN_SECONDS = (0.0, 1.0, 5.0)
"""Waits before looking whether it arrived: VictoriaMetrics shows after some seconds what it took."""
_QUICK = Patience(retry_cap=5.0, parked_first=5.0, parked_cap=30.0)


@dataclass(slots=True)
class Findings:
    """What the audit found, and what became of it."""

    hours: int = 0
    series: int = 0
    values: int = 0
    missing: int = 0
    """Values that the receiver did not have."""
    differing: int = 0
    """Series and hours whose count or checksum was another one."""
    sent_again: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    """Lines that the receiver refuses, by its reason."""
    still_differing: int = 0

    @property
    def whole(self) -> bool:
        """Tell whether the receiver has everything now."""
        return not self.still_differing


@dataclass(frozen=True, slots=True)
class Audit:
    """One run over a period; `dry` compares only."""

    folder: Path
    settings: InfluxSettings | RemoteWriteSettings
    period: Period
    clock: Clock
    dry: bool = False

    def run(self) -> Findings:
        """Compare every whole hour that has been delivered; raises DeliveryError when nobody answers."""
        with closing(open_reader(self.folder)) as reader:
            return asyncio.run(self._run(reader))

    async def _run(self, reader: SqliteReader) -> Findings:
        findings, receiver = Findings(), sink(self.settings, self.clock)
        auditor = _auditor(self.settings)
        try:
            for window in self._delivered(reader):
                await self._compare(reader, auditor, receiver, window, findings)
        finally:
            await auditor.close()
            await receiver.close()
        return findings

    def _delivered(self, reader: SqliteReader) -> Iterator[Window]:
        """Yield the hours of the period before the first record that is still on its way."""
        waiting = reader.after(reader.cursor(self.settings.cursor), 1)
        end_ms = min([self.period.end_ms, *(entry.record.stamp.wall_ms for entry in waiting)])
        oldest_ms = reader.oldest_ms()
        start_ms = max(self.period.start_ms, end_ms if oldest_ms is None else oldest_ms)
        return windows(start_ms, end_ms)

    async def _compare(
        self, reader: SqliteReader, auditor: Auditor, receiver: Sink, window: Window, findings: Findings
    ) -> None:
        here = tally(reader.records(window.start_ms, window.end_ms), auditor)
        findings.hours += 1
        findings.series = max(findings.series, len(here))
        findings.values += sum(one.count for one in here.values())
        lacks = list(differences(here, await auditor.there(window, here)))
        if not lacks:
            return
        missing = sum(count for _, count in lacks)
        findings.differing += len(lacks)
        findings.missing += missing
        sys.stderr.write(f"{iso_8601(window.start_ms)}: {len(lacks)} series differ, {missing} values lack\n")
        if not self.dry:
            await self._send(reader.records(window.start_ms, window.end_ms), receiver, findings)
            for pause_seconds in _LOOK_AGAIN_SECONDS:
                await asyncio.sleep(pause_seconds)
                lacks = list(differences(here, await auditor.there(window, here)))
                if not lacks:
                    break
        findings.still_differing += len(lacks)

    async def _send(self, records: Iterable[Record], receiver: Sink, findings: Findings) -> None:
        """Send a window again, whole: what is there already comes to the same."""

        async def refuse(_sink: str, _position: Position, _line: str, reason: str) -> None:
            findings.refused[reason] = findings.refused.get(reason, 0) + 1

        courier = Courier(receiver, self.clock, refuse, _QUICK, Random())
        try:
            async with asyncio.timeout(_RESEND_SECONDS):
                for batch in _batches(records, receiver):
                    await courier.deliver(batch)
        except TimeoutError as error:
            raise Unreachable(courier.trouble or "it took too long") from error
        findings.sent_again += courier.sent_total
        for reason, lines in courier.outdated_total.items():
            if lines:
                findings.refused[reason] = findings.refused.get(reason, 0) + lines


def _auditor(settings: InfluxSettings | RemoteWriteSettings) -> Auditor:
    if isinstance(settings, InfluxSettings):
        return InfluxAuditor(settings)
    return RemoteWriteAuditor(settings)


def _batches(records: Iterable[Record], receiver: Sink) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for record in records:
        batch += [(Entry(0, record), text) for text in receiver.encode_past(record)]
        if len(batch) >= receiver.batch_lines:
            yield batch
            batch = []
    yield batch
