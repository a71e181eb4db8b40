"""The local network as the raw helper hears it, by interface: neighbours, switches, DHCP servers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from netmon import sdk
from probes.raw.client import SOCKET, ask_helper
from probes.raw.frames import arp_answer, dhcp_offer, echo_answer
from probes.raw.grammar import SECONDS_MAX, Ask, Frame, Task, is_interface
from probes.raw.lan_memory import LanMemory, conflicting
from probes.raw.lan_metrics import (
    CONFLICTS,
    DHCP_SECONDS,
    DHCP_SERVERS,
    DHCP_UNEXPECTED,
    LAN_METRICS,
    LINK_NEIGHBOURS,
    NEIGHBOURS_4,
    NEIGHBOURS_6,
)
from probes.raw.link import link_neighbour

Found = tuple[dict[sdk.Metric, sdk.Value], list[sdk.Record]]


class LanSettings(sdk.Settings):
    """What to look for, how long to `listen` for answers, and which DHCP servers are expected.

    `socket` is where the helper is. Without `dhcp_servers`, the first one that is seen is taken for good.
    """

    neighbours: bool = True
    switches: bool = True
    dhcp: bool = True
    dhcp_servers: tuple[str, ...] = ()
    listen: sdk.Seconds = 1.0
    socket: str = str(SOCKET)


class LanSource(sdk.Source[LanSettings]):
    """Have the helper look at each interface in turn; publish what answered."""

    metrics = {"lan": LAN_METRICS}  # noqa: RUF012 - declared in the base class, as ClassVar
    settings_type = LanSettings

    def __init__(self, assignment: sdk.Assignment, settings: LanSettings) -> None:
        super().__init__(assignment, settings)
        strange = [name for name in assignment.targets if not is_interface(name)]
        if strange:
            raise sdk.UsageError(f"{assignment.name}: {strange[0]!r} is no interface's name")
        if not 0 < settings.listen <= SECONDS_MAX:
            raise sdk.UsageError(f"{assignment.name}: listen is above 0 and up to {SECONDS_MAX:g} s")
        self._memories: dict[str, LanMemory] = {}
        self._shape: sdk.Shape | None = None

    async def read(self) -> Sequence[sdk.Record]:
        """Look at every interface; SourceError when there is no helper."""
        stamp = self.context.clock.stamp()
        found = [await self._look(interface, stamp) for interface in self.assignment.targets]
        if self._shape is None:
            rows = tuple(sdk.Row(self._key(interface)) for interface in self.assignment.targets)
            self._shape = sdk.Shape("lan", LAN_METRICS, rows)
        columns = tuple([values.get(metric) for values, _ in found] for metric in LAN_METRICS)
        reading = sdk.Reading(self._shape, stamp, columns, (sdk.Outcome.OK,) * len(found))
        return [reading, *(record for _, records in found for record in records)]

    async def _look(self, interface: str, stamp: sdk.Stamp) -> Found:
        memory = self._memories.get(interface)
        if memory is None:
            expected = frozenset(self.settings.dhcp_servers)
            memory = self._memories[interface] = LanMemory(self._key(interface), expected)
        values: dict[sdk.Metric, sdk.Value] = {}
        records: list[sdk.Record] = []
        for wanted, look in (
            (self.settings.neighbours, self._neighbours),
            (self.settings.switches, self._switches),
            (self.settings.dhcp, self._dhcp),
        ):
            if wanted:
                more_values, more_records = await look(interface, memory, stamp)
                values |= more_values
                records += more_records
        return values, records

    async def _neighbours(self, interface: str, memory: LanMemory, stamp: sdk.Stamp) -> Found:
        arp = [found for frame in await self._ask(Task.ARP, interface) if (found := arp_answer(frame.data))]
        nd = [found for frame in await self._ask(Task.ND, interface) if (found := echo_answer(frame.data))]
        values: dict[sdk.Metric, sdk.Value] = {
            NEIGHBOURS_4: len({one.mac for one in arp}),
            NEIGHBOURS_6: len({one.mac for one in nd}),
            CONFLICTS: len(conflicting(arp)),
        }
        return values, [*memory.neighbours([*arp, *nd], stamp)]

    async def _switches(self, interface: str, memory: LanMemory, stamp: sdk.Stamp) -> Found:
        heard = [
            (link_neighbour(frame.data), frame.seconds) for frame in await self._ask(Task.LINK, interface)
        ]
        # §9.2.7.3 of 802.1AB: what was said is forgotten after its time to live.
        alive = [one for one, age_seconds in heard if one is not None and age_seconds <= one.ttl_seconds]
        return {LINK_NEIGHBOURS: len({one.chassis for one in alive})}, [*memory.links(alive, stamp)]

    async def _dhcp(self, interface: str, memory: LanMemory, stamp: sdk.Stamp) -> Found:
        frames = await self._ask(Task.DHCP, interface)
        heard = [(dhcp_offer(frame.data), frame.seconds) for frame in frames]
        offers = [offer for offer, _ in heard if offer is not None]
        records = [*memory.servers(offers, stamp)]
        return {
            DHCP_SECONDS: min((seconds for offer, seconds in heard if offer), default=None),
            DHCP_SERVERS: len({offer.server for offer in offers}),
            DHCP_UNEXPECTED: len(memory.unexpected(offers)),
        }, records

    async def _ask(self, task: Task, interface: str) -> Sequence[Frame]:
        frames = await ask_helper(Path(self.settings.socket), Ask(task, interface, self.settings.listen))
        self.context.trace(f"{interface}: {len(frames)} answers to {task}")
        return frames

    def _key(self, interface: str) -> sdk.Labels:
        return (("site", self.context.site), ("probe", self.assignment.name), ("target", interface))
