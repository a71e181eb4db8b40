"""Count losses over an emulated path with our ping probe, and with its referee."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address

from fakes.context import make_context
from fakes.referee import BACKWARD, ICMP, MANY, EmulatedPath, Packet, round_trips

from netmon import sdk
from probes.icmp import IcmpProbe
from probes.icmp_socket import EchoSockets
from probes.train import DUPLICATED, RECEIVED, SENT

TARGETS = tuple(f"{MANY}.0.{number}" for number in range(1, 101))
_NAMES = {"none": "", "0.5 %": ",loss=0.5%", "5 %": ",loss=5%", "30 %": ",loss=30%", "bursts": ",ge=2%:25%"}
TRIALS = {
    **{f"loss {name}": (f"delay=2ms{loss}", f"delay=2ms{loss}") for name, loss in _NAMES.items()},
    **{
        f"loss {name}, duplicates and reordering": (
            f"delay=2ms,jitter=1ms,fifo=0,dup=2%,reorder=5%:6ms{loss}",
            f"delay=2ms,jitter=1ms,fifo=0,dup=2%,reorder=5%:6ms{loss}",
        )
        for name, loss in _NAMES.items()
    },
}
"""What either direction does, by name."""


@dataclass(frozen=True)
class Count:
    """Losses by address, and replies beyond the first of each packet, as one of the two saw them."""

    sent: int
    lost: dict[str, int]
    further: int


def trial(path: EmulatedPath, name: str, packets: int) -> tuple[Count, Count]:
    """Ping 100 addresses that many times each; return our count and the referee's."""
    forward, backward = TRIALS[name]
    with path.emulating(forward, backward) as truth, path.near.entered():
        ours = asyncio.run(_ours(packets))
    return ours, _theirs(truth.packets(ICMP))


async def _ours(packets: int) -> Count:
    context = make_context()
    settings = IcmpProbe.settings_type(packets=min(packets, 100), spacing="4ms")
    probe = IcmpProbe(sdk.Assignment("under test", TARGETS, 0.05, 1.0), settings)
    await probe.open(context)
    lost: Counter[str] = Counter()
    sent = further = 0
    for _ in range(max(packets // 100, 1)):
        reading, *_ = await probe.read()
        for row, target in enumerate(TARGETS):
            lost[target] += reading.cell(row, SENT) - reading.cell(row, RECEIVED)
            sent += reading.cell(row, SENT)
            further += reading.cell(row, DUPLICATED)
    await asyncio.sleep(0.05)  # the last packet's duplicates may come after its train has ended
    echo_socket = (await context.shared.get(EchoSockets)).of(4)
    echo_socket.drain()
    assert echo_socket.wrong_total == 0
    further += echo_socket.late_total
    await context.shared.close()
    return Count(sent, dict(lost), further)


def _theirs(packets: list[Packet]) -> Count:
    lost: Counter[str] = Counter()
    sent = answered = 0
    for (address, _, _), times in round_trips(packets).items():
        sent += len(times)
        answered += sum(time is not None for time in times)
        lost[str(ip_address(address))] += times.count(None)
    came = sum(packet.direction == BACKWARD and packet.delivered for packet in packets)
    return Count(sent, dict(lost), came - answered)
