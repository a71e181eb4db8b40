"""What a device could say to hurt somebody, and a switch that says it wherever it can say anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fakes.neighbourhood import lldp, local_port
from fakes.snmp_agent import FakePort, FakeSwitch
from hypothesis import strategies as st

from collectors.snmp.agent import Live

ATTACKS = (
    b"<script>alert(1)</script>",
    b'"><img src=x onerror=alert(1)>',
    b"' onmouseover='alert(1)",
    b"</title></svg><svg onload=alert(1)>",
    b"]]><!--",
    b"&lt;b&gt;&#0;",
    b"{{ 6789*6789 }}{% raw %}",
    b"a\nifHCInOctets,device=x forged=1i 1",
    b'x"} 1\nforged_metric{a="b"} 2',
    b"a,b=c d\\",
    b"\\",
    b'"',
    b"a\\,b\\ c\\=",
    b"%s%d{0}",
    b"=1+1",
    b"@cmd|' /C calc'!A0",
    b"\x1b]0;owned\x07\x1b[2J",
    b"\xe2\x80\xaegnp.exe",
    b"\xe2\x80\xa8<x>\xe2\x80\xa9",
    b"\xff\xfe\x00name\x00\x00",
    b"\xed\xa0\x80",
    b"\xef\xbf\xbe\xf4\x8f\xbf\xbf",
    b"\x00",
    b"\r\n\r\nHTTP/1.1 200 OK",
    b"javascript:alert(1)",
    b"caf\xc3\xa9 \xf0\x9f\x98\x80",
)
_OFTEN = b'\\\\,,== ""\'<>&{}\n\r\t\0%/\x1b\x85\xc2'
NASTY = st.lists(st.sampled_from([*_OFTEN, *range(256)]), max_size=60).map(bytes)
UNICODE = st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass"))
TEXTS = st.one_of(st.sampled_from(ATTACKS), NASTY, UNICODE)

ENTITY = "1.3.6.1.2.1.47.1.1.1.1"
SENSOR = "1.3.6.1.2.1.99.1.1.1"
CISCO_TEMPERATURE = "1.3.6.1.4.1.9.9.13.1.3.1"
STORAGE = "1.3.6.1.2.1.25.2.3.1"


def hostile_switch(say: Callable[[], bytes]) -> FakeSwitch:
    """Return a switch whose every text is what `say` gives when it is asked."""
    ports = [FakePort(n, say(), say(), say()) for n in range(1, 4)]
    return FakeSwitch(ports=ports, changes=dict(_texts(say)))


def _texts(say: Callable[[], bytes]) -> Iterator[tuple[str, Live]]:
    for number in (1, 4, 5, 6):
        yield f"1.3.6.1.2.1.1.{number}.0", say()
    yield from lldp("0.1.1", say(), port=say()).items()
    yield from lldp("0.2.1", say(), port=say(), chassis=2).items()
    yield "1.0.8802.1.1.2.1.4.1.1.10.0.1.1", say()
    yield from local_port(1, say(), descr=say()).items()
    for index in (1, 2):
        for column in (2, 7, 8, 9, 10, 11, 12, 13):
            yield f"{ENTITY}.{column}.{index}", say()
        yield f"{ENTITY}.4.{index}", index - 1
        yield f"{ENTITY}.5.{index}", 3 if index == 1 else 8
    for column, number in ((1, 8), (2, 9), (3, 0), (4, 25), (5, 1)):
        yield f"{SENSOR}.{column}.2", number
    yield f"{CISCO_TEMPERATURE}.2.1", say()
    yield f"{CISCO_TEMPERATURE}.3.1", 30
    yield f"{CISCO_TEMPERATURE}.6.1", 2
    yield f"{STORAGE}.3.1", say()
    for column, number in ((4, 1024), (5, 100), (6, 40)):
        yield f"{STORAGE}.{column}.1", number
    yield "1.3.6.1.2.1.17.7.1.4.3.1.1.30", say()
