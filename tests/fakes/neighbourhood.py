"""What a fake switch tells of its neighbours: objects of LLDP-MIB, LLDP-V2-MIB and CISCO-CDP-MIB."""

from __future__ import annotations

from collectors.snmp.agent import Live

REMOTE = "1.0.8802.1.1.2.1.4.1.1"
LOCAL_PORT = "1.0.8802.1.1.2.1.3.7.1"
MAC = 4
PORT_MAC, INTERFACE_NAME, LOCAL = 3, 5, 7


def local_port(
    number: int, name: bytes, subtype: int = INTERFACE_NAME, descr: bytes = b""
) -> dict[str, Live]:
    """Return a row of lldpLocPortTable."""
    return {
        f"{LOCAL_PORT}.2.{number}": subtype,
        f"{LOCAL_PORT}.3.{number}": name,
        f"{LOCAL_PORT}.4.{number}": descr,
    }


def lldp(
    index: str,
    name: bytes,
    *,
    port: bytes = b"Gi1/0/48",
    port_subtype: int = INTERFACE_NAME,
    chassis: int = 1,
) -> dict[str, Live]:
    """Return a row of lldpRemTable; `index` is TimeMark.LocalPortNum.RemIndex."""
    return {
        f"{REMOTE}.4.{index}": MAC,
        f"{REMOTE}.5.{index}": bytes((0, 27, 84, 0, 9, chassis)),
        f"{REMOTE}.6.{index}": port_subtype,
        f"{REMOTE}.7.{index}": port,
        f"{REMOTE}.8.{index}": b"uplink",
        f"{REMOTE}.9.{index}": name,
        f"{REMOTE}.10.{index}": b"A switch",
        f"{REMOTE}.11.{index}": b"\x28\x00",
        f"{REMOTE}.12.{index}": b"\x20\x00",
    }


def lldp_v2(index: str, name: bytes) -> dict[str, Live]:
    """Return a row of lldpV2RemTable; `index` is TimeMark.ifIndex.DestMac.RemIndex."""
    entry = "1.3.111.2.802.1.1.13.1.4.1.1"
    return {
        f"{entry}.5.{index}": MAC,
        f"{entry}.6.{index}": b"20:28:3e:6e:e3:11",
        f"{entry}.7.{index}": INTERFACE_NAME,
        f"{entry}.8.{index}": b"10GE2/4/0/7",
        f"{entry}.10.{index}": name,
    }


def cdp(index: str, device: bytes, address: bytes = bytes((10, 0, 0, 7))) -> dict[str, Live]:
    """Return a row of cdpCacheTable; `index` is ifIndex.number."""
    entry = "1.3.6.1.4.1.9.9.23.1.2.1.1"
    return {
        f"{entry}.4.{index}": address,
        f"{entry}.5.{index}": b"IOS",
        f"{entry}.6.{index}": device,
        f"{entry}.7.{index}": b"GigabitEthernet0/1",
        f"{entry}.8.{index}": b"cisco WS",
        f"{entry}.9.{index}": b"\x00\x00\x00\x29",
    }
