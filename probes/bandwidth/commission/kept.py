"""The commissioning of a line as a source keeps it: looked at before each test, told as evidence once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netmon import sdk
from probes.bandwidth.commission.instrument import Instrument, read, record_path

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Commissioning:
    """The commissioning that counts for a source's line; `found` is None where there is none."""

    found: Instrument | None = None
    _seen: tuple[Path, int] | None = None

    async def look(
        self, context: sdk.Context, circuit: sdk.Circuit | None, key: sdk.Labels, *, tell: bool
    ) -> Sequence[sdk.Record]:
        """Read the record if it has changed; return it as evidence if nobody was told of it yet.

        `tell` is for who keeps evidence and ledger: a run by hand leaves both to the daemon.
        """
        if context.state_folder is None:
            return ()
        path = record_path(context.state_folder, circuit.id if circuit else "")
        try:
            fresh = await asyncio.to_thread(self._read, path, tell=tell)
        except sdk.SourceError as error:
            log.warning("%s", error)
            return ()
        if self.found is not None and not self.found.stands_for(circuit):
            context.trace("the contract is another one than when this line was commissioned")
            self.found = None
        if fresh is None:
            return ()
        if circuit is not None:
            async with context.ledger.reserve(circuit.id, fresh.spent_bytes):  # which keeps it durably
                context.ledger.spend(circuit.id, fresh.spent_bytes)
        return (_event(fresh, key, context.clock.stamp()),)

    def _read(self, path: Path, *, tell: bool) -> Instrument | None:
        """Read what has changed; return it if it is not among the evidence."""
        seen = path, _changed_ns(path)
        if seen == self._seen:
            return None
        self._seen, self.found = seen, None
        self.found = read(path)
        return self.found if tell and self.found is not None and _is_news(path, self.found.id) else None


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _is_news(path: Path, name: str) -> bool:
    """Tell whether a record was not told of before, and remember it beyond the end of this process."""
    told = path.with_suffix(".told")
    try:
        if told.exists() and told.read_text("ascii") == name:
            return False
        told.write_text(name, "ascii")
    except (OSError, UnicodeDecodeError) as error:
        log.warning("%s: %s; the commissioning will be told again", told, error)
    return True


def _event(instrument: Instrument, key: sdk.Labels, stamp: sdk.Stamp) -> sdk.Event:
    data: dict[str, sdk.Json] = {
        "commission": instrument.id,
        "signed_by": instrument.fingerprint,
        "record": dict(instrument.document),
    }
    said = instrument.document
    text = f"commissioned at {said.get('demarcation')}, witness {said.get('witness')}"
    return sdk.Event("commission", key, text, stamp, data, sdk.Retention.EVIDENCE)
