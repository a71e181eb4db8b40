"""How the devices of the site hang together, by what they tell of their neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from netmon.latest import LatestRow
from netmon.web.equipment import NeighbourDocument
from netmon.web.interfaces import OPER_STATUS
from netmon.web.register import Register
from netmon.web.snapshot import Snapshot

CONFIGURED = "configuration"


@dataclass(frozen=True, slots=True)
class NodeDocument:
    """A device, or a neighbour that is not in the register."""

    id: Annotated[str, "identifies the node within one answer"]
    name: str
    role: Annotated[str, "configured role; of neighbours, what they say they do"]
    configured: bool
    answers: Annotated[bool | None, "whether it answered when it was last asked; null for neighbours"]
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkDocument:
    """A connection between two nodes. A port that neither end tells is empty."""

    a: str
    a_port: str
    b: str
    b_port: str
    source: Annotated[str, "lldp, cdp, or configuration where only `parent` says so"]
    state: Annotated[str | None, "ifOperStatus of one of its ports"]
    stale: Annotated[bool, "whether no end that told of it answers any more"]


@dataclass(frozen=True, slots=True)
class TopologyDocument:
    """The site as a graph."""

    nodes: tuple[NodeDocument, ...]
    links: tuple[LinkDocument, ...]


def topology(snapshot: Snapshot) -> TopologyDocument:
    """Return the configured devices, their neighbours, and what connects them."""
    nodes = {
        device_id(state.device.name): NodeDocument(
            device_id(state.device.name),
            state.device.name,
            state.device.role,
            configured=True,
            answers=state.answers,
        )
        for state in snapshot.devices
    }
    register, links = Register(snapshot), _Links(snapshot)
    for device in snapshot.watch.devices:
        for one in _once(register.neighbours(device)):
            other = device_id(one.device) if one.device else _neighbour_id(one)
            nodes.setdefault(other, _stranger(other, one))
            links.add(device, other, one)
    return TopologyDocument(tuple(nodes.values()), tuple(links.all()))


def device_id(name: str) -> str:
    """Return the node of a configured device."""
    return f"device/{name}"


def _neighbour_id(one: NeighbourDocument) -> str:
    return f"neighbour/{one.chassis or one.name or ' '.join(one.addresses)}"


def _stranger(node: str, one: NeighbourDocument) -> NodeDocument:
    name = one.name or next(iter(one.addresses), "") or one.chassis
    return NodeDocument(
        node, name, " ".join(one.capabilities), configured=False, answers=None, addresses=one.addresses
    )


def _once(told: Sequence[NeighbourDocument]) -> Iterator[NeighbourDocument]:
    """Yield what CDP tells only where LLDP does not tell of the same neighbour on the same port."""
    by_lldp = {(one.local_port, name) for one in told if one.protocol != "cdp" for name in _names(one)}
    for one in told:
        if one.protocol != "cdp" or not any((one.local_port, name) in by_lldp for name in _names(one)):
            yield one


def _names(one: NeighbourDocument) -> Iterator[str]:
    yield from filter(None, (one.device, one.name.casefold(), *one.addresses))


class _Links:
    """Collects links: what both ends tell of one is one link, and each end knows its own port best."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._answering = {state.device.name for state in snapshot.devices if state.answers}
        self._ports = {
            device: {row.label("ifName"): row for row in rows} for device, rows in snapshot.ports.items()
        }
        self._called = {device: _port_names(rows.values()) for device, rows in self._ports.items()}
        self._found: dict[tuple[str, str], list[LinkDocument]] = {}
        self._confirmed: dict[tuple[str, str], set[int]] = {}

    def add(self, device: str, other: str, one: NeighbourDocument) -> None:
        """Add what a device tells of one neighbour."""
        far = self._called.get(one.device, {})
        texts = (text.casefold() for text in (one.port, one.port_description))
        far_port = next((far[text] for text in texts if text in far), one.port)
        row = self._ports.get(device, {}).get(one.local_port)
        status = None if row is None else OPER_STATUS.get(int(row.value("ifOperStatus") or 0))
        stale = device not in self._answering
        new = LinkDocument(device_id(device), one.local_port, other, far_port, one.protocol, status, stale)
        if new.a != new.b and not self._confirm(new):
            self._found.setdefault((new.a, new.b), []).append(new)

    def _confirm(self, new: LinkDocument) -> bool:
        """Take what the far end says of a link into it; False: the far end did not speak of it."""
        pair = new.b, new.a
        links, confirmed = self._found.get(pair, []), self._confirmed.setdefault(pair, set())
        free = [at for at in range(len(links)) if at not in confirmed]
        same = (at for at in free if links[at].a_port == new.b_port or links[at].b_port == new.a_port)
        at = next(same, free[0] if free else None)
        if at is None:
            return False
        old = links[at]
        state = old.state or new.state
        links[at] = replace(old, b_port=new.a_port, state=state, stale=old.stale and new.stale)
        confirmed.add(at)
        return True

    def all(self) -> Iterator[LinkDocument]:
        """Yield all links; those that only the configuration knows come last."""
        connected = {frozenset(pair) for pair in self._found}
        for links in self._found.values():
            yield from links
        for device in self._snapshot.watch.devices.values():
            ends = device_id(device.parent), device_id(device.name)
            if device.parent in self._snapshot.watch.devices and frozenset(ends) not in connected:
                yield LinkDocument(ends[0], "", ends[1], "", CONFIGURED, None, stale=False)


def _port_names(rows: Iterable[LatestRow]) -> Mapping[str, str]:
    """Return ports by every name that a neighbour could tell, the surest last."""
    known = list(rows)
    return {
        text.casefold(): row.label("ifName")
        for label in ("ifPhysAddress", "ifDescr", "ifName")
        for row in known
        if (text := row.label(label))
    }
