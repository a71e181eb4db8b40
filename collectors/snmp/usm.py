"""The envelope of SNMPv3: it finds the engine, keeps its time, survives its restarts.

An engine whose boots or time are ahead of what we knew is believed when it signs that. One whose boots
went down, or whose ID changed, is forgotten and discovered anew inside the same exchange (RFC 3414
sections 3.2 and 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from collectors.snmp import mib, usm_message
from collectors.snmp.envelope import Ask, News, SendAgain
from collectors.snmp.message import VERSION_3, Header, Pdu, Request, make_pdu
from collectors.snmp.usm_channel import Channel, Lock, Opened, Untrusted
from collectors.snmp.usm_clock import EngineClock
from collectors.snmp.usm_keyring import KeyRing
from collectors.snmp.usm_report import Report, reason, refusal
from netmon import sdk

_FIRST_PAUSE_SECONDS: Final = 15.0
_LONGEST_PAUSE_SECONDS: Final = 600.0
_MOST_MENDED: Final = 3
"""Times that an exchange may be put right: the engine's time, its ID, and its time again."""
_MOST_NEWS: Final = 16
_UNPROVEN: Final = (
    "tells its engine ID, but answers nothing from this user:"
    " a passphrase, a protocol or the context may be wrong"
)

_EMPTY_GET: Final = make_pdu(Pdu.GET, ())
_SMALLEST_GET: Final = make_pdu(Pdu.GET, (mib.SYS_UP_TIME.encoded,))


class _KeysWanted(sdk.SourceError):
    """The engine's keys take milliseconds to make, which is no work for the event loop."""

    def __init__(self, name: str, engine_id: bytes) -> None:
        super().__init__(sdk.Outcome.REJECTED, f"{name} has a new engine ID; its keys are not made yet")
        self.engine_id = engine_id


class UsmEnvelope:
    """One user's messages to whatever engine answers at one address."""

    version: Final = VERSION_3

    def __init__(self, name: str, credential: sdk.Credential, context: sdk.Context) -> None:
        """Keep the arguments; `name` is the device's, for the words of errors."""
        self._name = name
        self._credential = credential
        self._context = context
        self._clock = context.clock
        self._keys: KeyRing | None = None
        self._nobody = Channel(b"", b"", Lock(), EngineClock(0, 0, 0.0))
        self._channel: Channel | None = None
        self._lock: tuple[bytes, Lock] | None = None
        self._answered = False
        self._mended = 0
        self._boots: tuple[bytes, int] = (b"", 0)
        self._news: list[News] = []
        self._refusal: sdk.SourceError | None = None
        self._quiet_until = 0.0
        self._pause_seconds = _FIRST_PAUSE_SECONDS

    async def prepare(self, ask: Ask) -> None:
        """Find the engine, make the keys and prove them, unless that was done (RFC 3414 section 4).

        SourceError DENIED in the engine's own words when it refuses the user; it is then left alone
        for a while that doubles each time, so that a wrong passphrase is not hammered.
        """
        if self._answered:
            return
        if self._refusal is not None and self._clock.monotonic() < self._quiet_until:
            raise self._refusal
        keys = self._keys = await self._context.shared.get(KeyRing)
        await keys.stretch(self._credential)
        self._channel = None  # one that never proved itself says nothing about now
        try:
            try:
                await ask(_SMALLEST_GET)
            except _KeysWanted as wanted:
                engine_id = wanted.engine_id
                self._lock = engine_id, await keys.lock(self._credential, engine_id)
                await ask(_SMALLEST_GET)
        except sdk.SourceError as error:
            if error.outcome == sdk.Outcome.TIMEOUT and self._channel is not None:
                # Agents drop without a word what they decrypted to rubbish.
                raise self._refuse(sdk.Outcome.DENIED, f"{self._name} {_UNPROVEN}") from error
            raise

    def news(self) -> Sequence[News]:
        """Return, once, that the engine's count of restarts went down.

        The device was reset or swapped, or somebody replays its past.
        """
        found, self._news = self._news, []
        return found

    def request(self, pdu: Pdu, names: Sequence[bytes], bulk: tuple[int, int] = (0, 0)) -> Request:
        """Return a PDU, which seal() puts into a message."""
        return make_pdu(pdu, names, bulk)

    def seal(self, request: Request, request_id: int) -> bytes:
        """Return the request's message, or as long as no engine is known the discovery's."""
        now = self._clock.monotonic()
        if self._channel is None:
            return self._nobody.seal(request_id, _EMPTY_GET.datagram(request_id), now)
        return self._channel.seal(request_id, request.datagram(request_id), now)

    def open(self, datagram: bytes) -> bytes | None:
        """Return the scoped PDU of a response that is proven to be our engine's; None for any other.

        SendAgain after a report that could be acted on, SourceError for any other report.
        """
        try:
            opened = (self._channel or self._nobody).open(datagram, self._clock.monotonic())
        except Untrusted:
            return None
        if opened.report is None:
            if self._channel is None:
                return None
            self._settle(opened)
            return opened.body
        channel = self._channel
        if channel is None:
            self._channel = self._found(opened)
            raise SendAgain
        kind, words = reason(opened.report)
        if kind is Report.UNKNOWN_ENGINE and opened.envelope.engine_id == channel.engine_id:
            return None  # the discovery's report, once more: networks double datagrams
        self._act_on(opened, kind, words)
        raise SendAgain

    def header(self, body: bytes) -> Header | None:
        """Return the header of a response's scoped PDU, strictly decoded."""
        header = usm_message.decode_scoped(body).header
        return header if header.pdu == Pdu.RESPONSE else None

    def _found(self, opened: Opened) -> Channel:
        """Return the channel to an engine that told its ID."""
        engine_id = opened.envelope.engine_id
        if not 5 <= len(engine_id) <= 32:  # RFC 3411 section 5, SnmpEngineID
            raise sdk.SourceError(sdk.Outcome.GARBLED, f"{self._name} gives no engine ID")
        if self._lock is None or self._lock[0] != engine_id:
            lock = None if self._keys is None else self._keys.lock_now(self._credential, engine_id)
            if lock is None:
                self._answered = False
                raise _KeysWanted(self._name, engine_id)
            self._lock = engine_id, lock
        credential = self._credential
        # Not signed, so only a guess at its time: a wrong one is put right by a signed report.
        clock = EngineClock(opened.envelope.boots, opened.envelope.seconds, self._clock.monotonic())
        user, context_name = credential.user.encode(), credential.context_name.encode()
        return Channel(engine_id, user, self._lock[1], clock, context_name)

    def _act_on(self, opened: Opened, kind: Report, words: str) -> None:
        """Put right what a report is about; raise what cannot be."""
        self._mended += 1
        if kind not in (Report.NOT_IN_TIME_WINDOW, Report.UNKNOWN_ENGINE) or self._mended > _MOST_MENDED:
            error = refusal(self._name, kind, words)
            raise self._refuse(sdk.Outcome(error.outcome), str(error))
        if kind is Report.NOT_IN_TIME_WINDOW and opened.genuine and opened.timely:
            self._note_boots(opened)  # and the channel has learnt the time
        else:
            self._channel = None

    def _refuse(self, outcome: sdk.Outcome, words: str) -> sdk.SourceError:
        self._refusal = sdk.SourceError(outcome, words)
        self._quiet_until = self._clock.monotonic() + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        self._channel = None
        self._answered = False
        self._mended = 0
        return self._refusal

    def _settle(self, opened: Opened) -> None:
        if self._mended or not self._answered:
            self._answered = True
            self._mended = 0
            self._refusal = None
            self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._note_boots(opened)

    def _note_boots(self, opened: Opened) -> None:
        envelope = opened.envelope
        engine_id, before = self._boots
        if not opened.genuine or (envelope.boots == before and envelope.engine_id == engine_id):
            return
        after = envelope.boots
        if envelope.engine_id == engine_id and after < before and len(self._news) < _MOST_NEWS:
            words = f"counts its restarts backwards: snmpEngineBoots was {before}, is {after}"
            data: dict[str, sdk.Json] = {"engine_id": engine_id.hex(), "before": before, "after": after}
            self._news.append(News("engine_boots_decreased", words, data))
        self._boots = (envelope.engine_id, envelope.boots)
