"""The site as a small drawing: which boxes it shows, in which layer, and what stands on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from netmon.web.layout import BOX_HEIGHT, BOX_WIDTH, Layout, Line, layout
from netmon.web.topology import CONFIGURED, LinkDocument, NodeDocument, TopologyDocument

NODES_SHOWN = 60
"""More would be a picture that nobody reads; the API has all."""
COLUMNS = {"broad": 8, "slim": 3}
"""Boxes side by side on a screen and on a phone."""

_EDGE = frozenset({"router", "firewall", "modem", "gateway", "cpe"})
_ENDS = frozenset({"wlanAccessPoint", "telephone", "stationOnly", "docsisCableDevice"})
_BRIDGES = frozenset({"bridge", "switch", "repeater"})
_NAME_CHARACTERS = 12
_LEAST_OF_A_NAME = 3
_CHARACTER_PIXELS = 5.4
"""Mean width of a character of port names, as small as they are."""


@dataclass(frozen=True, slots=True)
class Box:
    """One node: where it stands and what is written on it. `tone` is its colour, `word` says the same."""

    node: NodeDocument
    x: int
    y: int
    name: str
    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class Wire:
    """One line: the names of the upper and the lower port stand beside its lower end."""

    path: str
    tone: str
    x: int
    y: int
    upper_port: str
    lower_port: str
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The drawing at one width."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT


@dataclass(frozen=True, slots=True)
class SiteMap:
    """The drawing at all widths, and what it leaves out."""

    pictures: Mapping[str, Picture]
    nodes: int
    more_nodes: int
    more_links: tuple[str, ...]
    """Links that no room was left for, in words."""


def site_map(graph: TopologyDocument) -> SiteMap | None:
    """Return the drawing; None when there is nothing to connect."""
    if not graph.links:
        return None
    layers = _layers(graph)
    order = [node for layer in layers for node in layer]
    # Devices that netmon watches come before strangers, and those that connect others before the rest.
    wanted = sorted(order, key=lambda node: not node.configured)[:NODES_SHOWN]
    kept = {node.id for node in wanted}
    drawn = [[node.id for node in layer if node.id in kept] for layer in layers]
    links = _by_line(link for link in graph.links if {link.a, link.b} <= kept)
    plans = {width: layout(drawn, links, columns) for width, columns in COLUMNS.items()}
    nodes = {node.id: node for node in wanted}
    left_out = plans["broad"].left_out
    return SiteMap(
        {width: _picture(plan, nodes, links) for width, plan in plans.items()},
        len(kept),
        len(graph.nodes) - len(kept),
        tuple(_title(line, link, nodes) for line in left_out for link in _of(line, links)),
    )


def _layers(graph: TopologyDocument) -> list[list[NodeDocument]]:
    """Return edge routers, then switches by their distance from them, then everything else."""
    rank = {node.id: _rank(node) for node in graph.nodes}
    inner = [(link.a, link.b) for link in graph.links if rank[link.a] < 2 and rank[link.b] < 2]
    depth = {node: 0 for node, its in rank.items() if its == 0}
    reached = set(depth)
    for distance in range(1, len(rank)):
        near = {end for line in inner if reached & set(line) for end in line} - depth.keys()
        if not near:
            break
        depth |= dict.fromkeys(near, distance)
        reached = near
    last = max(depth.values(), default=0) + 1
    for one, its in rank.items():
        depth.setdefault(one, 1 if its == 1 else last + 1)
    found: dict[int, list[NodeDocument]] = {}
    for node in graph.nodes:
        found.setdefault(depth[node.id], []).append(node)
    return [found[level] for level in sorted(found)]


def _rank(node: NodeDocument) -> int:
    words = frozenset({node.role} if node.configured else node.role.split())
    if words & _ENDS:
        return 2
    if words & _BRIDGES:
        return 1
    return 0 if words & _EDGE else 2


def _by_line(links: Iterable[LinkDocument]) -> dict[Line, list[LinkDocument]]:
    """Return parallel links together, each in the direction of the first."""
    found: dict[Line, list[LinkDocument]] = {}
    for link in links:
        line = (link.b, link.a) if (link.b, link.a) in found else (link.a, link.b)
        found.setdefault(line, []).append(link)
    return found


def _of(line: Line, links: Mapping[Line, Sequence[LinkDocument]]) -> Sequence[LinkDocument]:
    return links.get(line) or links[line[1], line[0]]


def _picture(
    plan: Layout, nodes: Mapping[str, NodeDocument], links: Mapping[Line, Sequence[LinkDocument]]
) -> Picture:
    boxes = [_box(nodes[node], place.x, place.y) for node, place in plan.places.items()]
    wires = []
    for route in plan.routes:
        those = _of(route.line, links)
        upper, lower = _ports(route.line, those[0])
        fit = int(route.room / _CHARACTER_PIXELS)
        more = f" +{len(those) - 1}" if len(those) > 1 else ""
        title = "; ".join(_title(route.line, link, nodes) for link in those)
        wires.append(
            Wire(
                route.path,
                _tone(those),
                route.x,
                route.y,
                end_of(nodes[route.line[0]].name, upper, fit - len(more)) + more,
                shortened(lower, fit),
                title,
            )
        )
    return Picture(plan.width, plan.height, tuple(boxes), tuple(wires))


def _box(node: NodeDocument, x: int, y: int) -> Box:
    if not node.configured:
        return Box(node, x, y, shortened(node.name, _NAME_CHARACTERS), "not in register", "stranger")
    tone, word = {True: ("good", "answers"), False: ("bad", "no answer"), None: ("dim", "not known")}[
        node.answers
    ]
    return Box(node, x, y, shortened(node.name, _NAME_CHARACTERS), word, tone)


def _tone(links: Sequence[LinkDocument]) -> str:
    if all(link.source == CONFIGURED for link in links):
        return "told"
    if all(link.stale for link in links):
        return "old"
    return "bad" if all(link.state not in ("up", None) for link in links) else "up"


def _ports(line: Line, link: LinkDocument) -> tuple[str, str]:
    return (link.a_port, link.b_port) if link.a == line[0] else (link.b_port, link.a_port)


def _title(line: Line, link: LinkDocument, nodes: Mapping[str, NodeDocument]) -> str:
    upper, lower = _ports(line, link)
    ends = (f"{nodes[end].name} {port}".strip() for end, port in zip(line, (upper, lower), strict=True))
    how = "by the configuration" if link.source == CONFIGURED else f"by {link.source.upper()}"
    return (
        " to ".join(ends)
        + f", {how}"
        + (f", {link.state}" if link.state else "")
        + (", old" if link.stale else "")
    )


def end_of(name: str, port: str, characters: int) -> str:
    """Return a box's name and port that fit: the name gives way first."""
    room = characters - len(port) - 1
    return (
        f"{shortened(name, room)} {port}".rstrip()
        if room >= _LEAST_OF_A_NAME
        else shortened(port, characters)
    )


def shortened(text: str, characters: int) -> str:
    """Return a text that fits: what is cut is in the middle, because port numbers stand at the end."""
    if len(text) <= characters:
        return text
    tail = max(characters * 2 // 3, 1)
    return f"{text[: max(characters - tail - 1, 0)]}…{text[-tail:]}"
