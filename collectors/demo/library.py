"""The simulated library: its router, its switch, and what is plugged into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from collectors.demo import equipment
from collectors.demo.devices import DOWN, UP, Port, SimulatedDevice
from collectors.snmp.ber import Oid

DOWN_BITS_PER_SECOND, UP_BITS_PER_SECOND = 100_000_000, 20_000_000

_OBJECT_ID: Oid = (1, 3, 6, 1, 4, 1, 32473, 1)
"""Within the enterprise that RFC 5612 keeps for examples."""


def router(now: Callable[[], float]) -> SimulatedDevice:
    """Return the site's router: a WAN port and three on the LAN side."""
    ports = [
        Port(1, "wan0", "WAN to Northern Fibre, circuit NF-100", 1000),
        Port(2, "lan0", "uplink to sw1", 1000),
        Port(3, "lan1", "", 1000, oper_status=DOWN),
        Port(4, "lan2", "", 1000, oper_status=DOWN),
    ]
    switch_there = equipment.Neighbour(
        2, 2, "sw1", "Te1/1/1", "Simulated 48-port switch, release 1.0", equipment.BRIDGE
    )

    def use() -> float:
        return ports[0].in_bits_per_second / DOWN_BITS_PER_SECOND

    parts = (
        equipment.Part("Router", equipment.CHASSIS, "SR-4", "SIM0001"),
        equipment.Part(
            "Mainboard", equipment.SENSOR, measures=equipment.CELSIUS, value=lambda: 38 + 9 * use()
        ),
    )
    return SimulatedDevice(
        "router",
        "Simulated site router, release 1.0",
        _OBJECT_ID,
        "comms cupboard",
        ports,
        now,
        equipment={
            **equipment.lldp(1, [port.name for port in ports], [switch_there]),
            **equipment.parts(parts),
            **equipment.load(lambda: 0.04 + 0.5 * use(), 1024, 4096),
            **equipment.address((192, 168, 10, 1), 2),
        },
    )


def switch(now: Callable[[], float], random: Random) -> SimulatedDevice:
    """Return a 48-port switch with two uplinks; two ports of three are in use."""
    ports = [
        Port(n, f"Gi1/0/{n}", _room(n), 1000, oper_status=UP if random.random() < 0.66 else DOWN)
        for n in range(1, 49)
    ]
    ports[11].error_ratio = 0.01
    ports += [
        Port(49, "Te1/1/1", "uplink to router", 10_000),
        Port(50, "Te1/1/2", "", 10_000, oper_status=DOWN),
    ]
    return SimulatedDevice(
        "sw1",
        "Simulated 48-port switch, release 1.0",
        _OBJECT_ID,
        "comms cupboard",
        ports,
        now,
        equipment={
            **equipment.lldp(2, [port.name for port in ports], list(_heard_by_switch(ports))),
            **equipment.parts(_SWITCH_PARTS),
            **equipment.power({port.index: _up(port) for port in ports if "access point" in port.alias}),
            **equipment.address((192, 168, 10, 2), 49),
            **equipment.vlans({1: "default", 10: "staff", 20: "public", 30: "telephones"}),
        },
    )


def _heard_by_switch(ports: Sequence[Port]) -> Iterator[equipment.Neighbour]:
    """Yield the router, the access points that nobody registered, and one telephone."""
    router_there = "Simulated site router, release 1.0"
    yield equipment.Neighbour(49, 1, "router", "lan0", router_there, equipment.ROUTER)
    for port in ports:
        if "access point" in port.alias and port.oper_status == UP:
            name = f"ap-{port.index}"
            yield equipment.Neighbour(port.index, port.index, name, "eth0", "Access point", equipment.WLAN)
    office = next(port for port in ports if port.oper_status == UP and port.alias.startswith("office"))
    number = 100 + office.index
    yield equipment.Neighbour(office.index, number, "", "1", "Telephone", equipment.TELEPHONE)


def _up(port: Port) -> Callable[[], bool]:
    return lambda: port.oper_status == UP


_SWITCH_PARTS = (
    equipment.Part("Switch 1", equipment.CHASSIS, "SS-48P", "SIM0002"),
    equipment.Part("Power supply A", equipment.POWER_SUPPLY, "PS-715", "SIM0003"),
    equipment.Part("Fan 1", equipment.FAN, measures=equipment.RPM, value=lambda: 4180.0),
    equipment.Part("Inlet", equipment.SENSOR, measures=equipment.CELSIUS, value=lambda: 23.5),
    equipment.Part("Hotspot", equipment.SENSOR, measures=equipment.CELSIUS, value=lambda: 46.0),
)


def _room(n: int) -> str:
    rooms = (
        "reading room",
        "children's library",
        "office",
        "public PCs",
        "Wi-Fi access point",
        "meeting room",
    )
    return f"{rooms[n % len(rooms)]} {n}"
