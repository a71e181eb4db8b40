"""Why a datagram that was let in is not believed."""

from __future__ import annotations

from collectors.traps.counts import Reason
from netmon import sdk


class Refused(sdk.NetmonError):
    """A notification that is not taken; `reply` are octets for its sender, if it may be told.

    `reason` is None for a step of the protocol, such as the question who is there.
    """

    def __init__(self, reason: Reason | None, words: str, reply: bytes = b"") -> None:
        super().__init__(words)
        self.reason, self.reply = reason, reply


class KeysWanted(sdk.NetmonError):
    """An engine's keys take milliseconds to make, which is no work for the event loop."""

    def __init__(self, credential: sdk.Credential, engine_id: bytes) -> None:
        super().__init__("the keys for this engine are not made yet")
        self.credential, self.engine_id = credential, engine_id
