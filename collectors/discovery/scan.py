"""Ask every address politely who is there: one small request, credential after credential."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar, cast

from collectors.snmp import ber, mib
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.limits import Limits
from netmon import sdk

_ASKED: Final = (mib.SYS_OBJECT_ID, mib.SYS_DESCR, mib.SYS_NAME)
_PACKETS_EACH: Final = 3
"""What a silent address costs: as many tries as a session makes."""

T = TypeVar("T", bound=sdk.Shareable)


@dataclass(frozen=True, slots=True)
class Politeness:
    """How fast to ask: packets per second in all, and how long an address may take to answer."""

    packets_per_second: float
    wait_seconds: float
    port: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A device that answered: how it is asked, and who it says it is. Texts are clean, perhaps empty."""

    device: sdk.Device
    object_id: str
    descr: str
    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An address where an SNMP agent is that refuses: which credential, and in which words."""

    address: str
    credential: str
    reason: str


class PoliteShared:
    """The shared things of a context, with an SNMP engine that keeps to the rate."""

    def __init__(self, others: sdk.Shared, polite: Politeness) -> None:
        rate, burst = polite.packets_per_second, max(1, int(polite.packets_per_second / 20))
        self._others = others
        self.engine = SnmpEngine(polite.wait_seconds / _PACKETS_EACH, Limits(rate, burst, rate, burst))

    async def get(self, kind: type[T]) -> T:
        """Return the one of this type."""
        if kind is SnmpEngine:
            return cast("T", self.engine)
        return await self._others.get(kind)


class Scan:
    """One search. `progress` is told how many addresses are left after each."""

    def __init__(
        self, context: sdk.Context, polite: Politeness, progress: Callable[[int, int], None]
    ) -> None:
        self._polite = polite
        self._progress = progress
        self._shared = PoliteShared(context.shared, polite)
        self.context = replace(context, shared=self._shared)
        self.answered: list[Answered] = []
        self.refused: dict[str, Refused] = {}

    async def run(self, addresses: Sequence[str], credentials: Sequence[sdk.Credential]) -> None:
        """Ask all addresses with each credential in turn; who has answered is not asked again."""
        for credential in credentials:
            known = {found.device.address for found in self.answered}
            left = [address for address in addresses if address not in known]
            pause = _PACKETS_EACH / self._polite.packets_per_second
            async with asyncio.TaskGroup() as group:
                for number, address in enumerate(left):
                    group.create_task(self._ask(address, credential))
                    self._progress(len(left) - number, len(self.answered))
                    await asyncio.sleep(pause)
        self.answered.sort(key=lambda found: addresses.index(found.device.address))

    async def close(self) -> None:
        """Close the sockets."""
        await self._shared.engine.close()

    async def _ask(self, address: str, credential: sdk.Credential) -> None:
        device = sdk.Device(address, address, self._polite.port, credential)
        engine = await self.context.shared.get(SnmpEngine)
        session = engine.session(device, self.context)
        try:
            values = await session.get(_ASKED, self._polite.wait_seconds)
        except sdk.SourceError as error:
            if error.outcome in (sdk.Outcome.DENIED, sdk.Outcome.REJECTED):
                self.refused[address] = Refused(address, credential.name, str(error))
            return
        self.refused.pop(address, None)
        object_id = values[mib.SYS_OBJECT_ID]
        self.answered.append(
            Answered(
                device,
                ber.dotted(object_id) if object_id else "",
                sdk.clean(values[mib.SYS_DESCR] or b""),
                sdk.clean(values[mib.SYS_NAME] or b""),
            )
        )
