"""Which circuit a sample names, and what packets are tied to."""

import errno
import socket
from dataclasses import dataclass, field

import pytest
from fakes.context import FakeResolver, make_context

from netmon import sdk
from probes.binding import bind, packet_info
from probes.target import resolve

BARE = sdk.Circuit("wan1")
BY_ADDRESS = sdk.Circuit("wan1", source_address="192.0.2.9")
BY_INTERFACE = sdk.Circuit("wan1", interface="lo")
OTHER = sdk.Circuit("wan2", source_address="192.0.2.10")


class Tied(sdk.Probe[sdk.NoSettings]):
    """Would leave by its circuit."""

    measurement, own_metrics, settings_type, binds = "test", (), sdk.NoSettings, True

    async def measure(self, _target):
        return sdk.Sample()


class Loose(Tied):
    """Does not know of circuits."""

    binds = False


@pytest.mark.parametrize(
    ("kind", "circuits", "named"),
    [
        (Tied, [BY_ADDRESS, OTHER], "wan1"),
        (Tied, [BY_INTERFACE, OTHER], "wan1"),
        (Tied, [BARE, OTHER], None),
        (Tied, [BARE], "wan1"),
        (Loose, [BY_ADDRESS, OTHER], None),
        (Loose, [BY_ADDRESS], "wan1"),
    ],
    ids=[
        "address",
        "interface",
        "several without source",
        "the only one",
        "not bound",
        "not bound, only one",
    ],
)
async def test_a_sample_names_the_circuit_that_must_have_carried_it(kind, circuits, named):
    probe = kind(sdk.Assignment("p", ("t",), 1.0, 1.0, circuit="wan1"), sdk.NoSettings())
    await probe.open(make_context(circuits={circuit.id: circuit for circuit in circuits}))
    reading, *_ = await probe.read()
    assert dict(reading.shape.rows[0].key).get("circuit") == named


async def test_a_probe_without_circuit_names_none():
    probe = Tied(sdk.Assignment("p", ("t",), 1.0, 1.0), sdk.NoSettings())
    await probe.open(make_context(circuits={"wan1": BARE}))
    reading, *_ = await probe.read()
    assert "circuit" not in dict(reading.shape.rows[0].key)


@dataclass
class FakeSocket:
    """Refuses what it is told to refuse."""

    refuses: dict[str, int]
    family: int = socket.AF_INET
    calls: list[str] = field(default_factory=list)

    def setsockopt(self, *_option):
        self._call("setsockopt")

    def bind(self, _address):
        self._call("bind")

    def _call(self, name):
        self.calls.append(name)
        if name in self.refuses:
            raise OSError(self.refuses[name], "refused")


@pytest.mark.parametrize(
    ("circuit", "refused", "outcome", "says"),
    [
        (BY_INTERFACE, {"setsockopt": errno.EPERM}, "unsupported", "CAP_NET_RAW"),
        (BY_INTERFACE, {"setsockopt": errno.ENODEV}, "unreachable", "lo is not an interface of this machine"),
        (BY_ADDRESS, {"bind": errno.EADDRNOTAVAIL}, "unreachable", "192.0.2.9 is not an address of this"),
        (BY_ADDRESS, {"bind": errno.EINVAL}, "unreachable", "source 192.0.2.9: EINVAL"),
        (BY_INTERFACE, {"setsockopt": errno.EINVAL}, "unreachable", "interface lo: EINVAL"),
    ],
)
def test_a_refused_binding_says_why_and_what_helps(circuit, refused, outcome, says):
    with pytest.raises(sdk.SourceError, match=says) as caught:
        bind(FakeSocket(refused), circuit)
    assert caught.value.outcome == outcome


def test_a_circuit_without_source_is_not_bound():
    sock = FakeSocket({})
    bind(sock, None)
    bind(sock, BARE)
    assert (sock.calls, packet_info(4, None), packet_info(6, BARE)) == ([], (), ())


@pytest.mark.parametrize("version", [4, 6])
def test_a_datagram_names_the_interface(version):
    [(_level, _kind, data)] = packet_info(version, BY_INTERFACE)
    assert data.count(socket.if_nametoindex("lo")) == 1
    assert sum(data) == socket.if_nametoindex("lo")


def test_a_datagram_names_an_address_that_is_here():
    [(_level, _kind, data)] = packet_info(4, sdk.Circuit("c", source_address="127.0.0.5"))
    assert data == bytes((0, 0, 0, 0, 127, 0, 0, 5, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("source", "chosen"),
    [("192.0.2.9", "198.51.100.1"), ("2001:db8::9", "2001:db8:ff::1"), ("", "2001:db8:ff::1")],
)
async def test_of_a_names_addresses_the_one_that_the_circuit_can_ask_is_taken(source, chosen):
    context = make_context(resolver=FakeResolver({"both.test": ("2001:db8:ff::1", "198.51.100.1")}))
    circuit = sdk.Circuit("c", source_address=source)
    assert (await resolve(context, "both.test", circuit=circuit)).address == chosen
