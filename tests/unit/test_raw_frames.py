"""Frames from the LAN: read as an independent library writes them, and never a crash, whatever comes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.contrib.cdp import (
    CDPAddrRecordIPv4,
    CDPMsgAddr,
    CDPMsgDeviceID,
    CDPMsgPlatform,
    CDPMsgPortID,
    CDPMsgSoftwareVersion,
    CDPv2_HDR,
)
from scapy.contrib.lldp import (
    LLDPDU,
    LLDPDUChassisID,
    LLDPDUEndOfLLDPDU,
    LLDPDUManagementAddress,
    LLDPDUPortDescription,
    LLDPDUPortID,
    LLDPDUSystemDescription,
    LLDPDUSystemName,
    LLDPDUTimeToLive,
)
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, IPv6
from scapy.layers.l2 import ARP, LLC, SNAP, Dot3, Ether

from probes.raw.frames import Neighbour, Offer, arp_answer, dhcp_offer, echo_answer
from probes.raw.link import LinkNeighbour, link_neighbour

SWITCH, HOST = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
TRANSACTION = b"\x12\x34\x56\x78"


def offer(kind="offer", server="192.0.2.1", **options):
    told = [
        ("message-type", kind),
        ("server_id", server),
        ("router", "192.0.2.1", "192.0.2.2"),
        ("name_server", "192.0.2.3"),
        ("lease_time", 3600),
        *options.items(),
        "end",
    ]
    ether = Ether(src=SWITCH, dst="ff:ff:ff:ff:ff:ff")
    bootp = BOOTP(op=2, xid=int.from_bytes(TRANSACTION, "big"), yiaddr="192.0.2.77")
    return bytes(
        ether
        / IP(src="192.0.2.1", dst="255.255.255.255")
        / UDP(sport=67, dport=68)
        / bootp
        / DHCP(options=told)
    )


def lldp(name="sw1"):
    return bytes(
        Ether(src=SWITCH, dst="01:80:c2:00:00:0e", type=0x88CC)
        / LLDPDUChassisID(subtype=4, id=SWITCH)
        / LLDPDUPortID(subtype=5, id="ge-0/0/7")
        / LLDPDUTimeToLive(ttl=120)
        / LLDPDUPortDescription(description="uplink to the library")
        / LLDPDUSystemName(system_name=name)
        / LLDPDUSystemDescription(description="A switch")
        / LLDPDUManagementAddress(
            management_address_subtype=1,
            management_address=b"\xc0\x00\x02\x05",
            interface_numbering_subtype=2,
            interface_number=1,
            object_id=b"",
        )
        / LLDPDUEndOfLLDPDU()
    )


def cdp():
    return bytes(
        Dot3(src=SWITCH, dst="01:00:0c:cc:cc:cc")
        / LLC(dsap=0xAA, ssap=0xAA, ctrl=3)
        / SNAP(OUI=0x00000C, code=0x2000)
        / CDPv2_HDR(
            vers=2,
            ttl=180,
            msg=[
                CDPMsgDeviceID(val=b"core.example"),
                CDPMsgAddr(naddr=1, addr=[CDPAddrRecordIPv4(addr="192.0.2.9")]),
                CDPMsgPortID(iface=b"GigabitEthernet1/0/3"),
                CDPMsgSoftwareVersion(val=b"15.2"),
                CDPMsgPlatform(val=b"cisco WS-C2960"),
            ],
        )
    )


ARP_ANSWER = bytes(Ether(src=HOST, dst=SWITCH) / ARP(op=2, hwsrc=HOST, psrc="192.0.2.7"))
ECHO_ANSWER = bytes(Ether(src=HOST, dst=SWITCH) / IPv6(src="fe80::b", dst="fe80::a") / ICMPv6EchoReply())
SAMPLES = [ARP_ANSWER, ECHO_ANSWER, offer(), lldp(), cdp()]
PARSERS = [arp_answer, echo_answer, dhcp_offer, link_neighbour]


def test_an_arp_answer_says_who_has_an_address():
    assert arp_answer(ARP_ANSWER) == Neighbour(HOST, "192.0.2.7")


def test_an_arp_probe_claims_no_address():
    assert arp_answer(bytes(Ether(src=HOST) / ARP(op=1, hwsrc=HOST, psrc="0.0.0.0"))) is None


def test_an_echo_answer_names_a_neighbour():
    assert echo_answer(ECHO_ANSWER) == Neighbour(HOST, "fe80::b")


def test_an_offer_is_read_with_what_came_with_it():
    expected = Offer("192.0.2.1", SWITCH, "192.0.2.77", ("192.0.2.1", "192.0.2.2"), ("192.0.2.3",), 3600)
    assert dhcp_offer(offer()) == expected
    assert dhcp_offer(offer(), TRANSACTION) == expected


def test_what_is_not_an_offer_to_us_is_none():
    assert dhcp_offer(offer(kind="ack")) is None
    assert dhcp_offer(offer(), b"\0\0\0\1") is None


def test_lldp_is_read():
    assert link_neighbour(lldp()) == LinkNeighbour(
        "lldp", SWITCH, "ge-0/0/7", 120, "uplink to the library", "sw1", "A switch", ("192.0.2.5",)
    )


def test_lldp_without_its_three_first_parts_is_none():
    frame = bytes(Ether(src=SWITCH, type=0x88CC) / LLDPDUPortID(subtype=5, id="x") / LLDPDUTimeToLive(ttl=1))
    assert link_neighbour(frame) is None
    assert LLDPDU is not None


def test_cdp_is_read():
    found = link_neighbour(cdp())
    assert (found.protocol, found.chassis, found.port) == ("cdp", "core.example", "GigabitEthernet1/0/3")
    assert (found.ttl_seconds, found.system, found.management) == (180, "cisco WS-C2960 15.2", ("192.0.2.9",))


@pytest.mark.parametrize("hostile", ["\x1b[2Jsw", "a\u202eb", "n\0ul", "x" * 300])
def test_a_switch_cannot_harm_a_terminal_by_its_name(hostile):
    name = link_neighbour(lldp(hostile.encode()[:255])).name
    assert name.isprintable()
    assert "\x1b" not in name


@given(
    st.binary(max_size=200),
    st.sampled_from([b"\x08\x06", b"\x08\x00", b"\x86\xdd", b"\x88\xcc", b"\x00\x40"]),
)
@settings(max_examples=300)
def test_no_frame_breaks_a_parser(data, ethertype):
    for frame in (
        data,
        bytes(12) + ethertype + data,
        bytes(12) + ethertype + b"\xaa\xaa\x03\0\0\x0c \0" + data,
    ):
        for parse in PARSERS:
            parse(frame)


@given(st.sampled_from(SAMPLES), st.integers(0, 400), st.integers(0, 400), st.binary(min_size=1, max_size=4))
@settings(max_examples=400)
def test_no_damaged_or_shortened_frame_breaks_a_parser(frame, at, cut, octets):
    at %= len(frame)
    damaged = frame[:at] + octets + frame[at + len(octets) :]
    for parse in PARSERS:
        parse(damaged)
        parse(frame[:cut])
