"""When a circuit that is up is not well, and where that comes from."""

from __future__ import annotations

from netmon.verdict.scene import Scene
from netmon.verdict.signs import Words, first_hop_loses
from netmon.verdict.tally import Tally, percentile

_LOSS_RATIO = 0.20
"""ITU-T Y.1540: a minute that loses more is no available one."""
_SLOW_TIMES, _SLOW_SECONDS = 3.0, 0.010
_FULL_RATIO = 0.9
_CPE_HOP = 1


def degraded(scene: Scene) -> Words:
    """Show that packets are lost, slow, or vanish when they are large."""
    return (*loses(scene), *slow(scene), *black_hole(scene))


def loses(scene: Scene) -> Words:
    """Show that even the best anchor lost a fifth."""
    best = scene.best
    ratio = None if best is None else best.loss_ratio
    if best is None or ratio is None or ratio < _LOSS_RATIO:
        return ()
    words = (f"{best.key.target} lost {best.lost} of {best.sent} packets",)
    return (*words, scene.directions) if scene.directions else words


def slow(scene: Scene) -> Words:
    """Show that all anchors whose usual time is known took three times as long."""
    known = [(tally, scene.usual_seconds.get(tally.key.target)) for tally in scene.anchors if tally.good]
    slower = [_slower(tally, usual) for tally, usual in known if usual is not None]
    return tuple(slower) if slower and all(slower) else ()


def _slower(tally: Tally, usual_seconds: float) -> str:
    middle = percentile(tally.trips_seconds, 0.5)
    if middle is None or middle < max(_SLOW_TIMES * usual_seconds, usual_seconds + _SLOW_SECONDS):
        return ""
    return f"{tally.key.target} took {middle * 1000:.0f} ms, usually {usual_seconds * 1000:.0f} ms"


def black_hole(scene: Scene) -> Words:
    """Show that large packets vanish, and nobody says so."""
    hole = scene.black_hole
    if hole is None:
        return ()
    size = "" if hole.mtu_bytes is None else f" above {hole.mtu_bytes:.0f} bytes"
    return (f"packets{size} vanish after hop {hole.hop}",)


def black_hole_at_router(scene: Scene) -> Words:
    """Show that they vanish at, or right behind, the site's own router."""
    return black_hole(scene) if scene.black_hole is not None and scene.black_hole.hop <= _CPE_HOP else ()


def line_full(scene: Scene) -> Words:
    """Show that the site itself uses what it has contracted."""
    busy = scene.busy_ratio
    return (f"the site uses {busy:.0%} of the contracted rate",) if busy and busy >= _FULL_RATIO else ()


def first_hop_ill(scene: Scene) -> Words:
    """Show that the supplier's first router is slow already, or packets are lost on the way to it."""
    late = [_slower(t, scene.usual_seconds[t.key.target]) for t in scene.first_hops if _has_usual(scene, t)]
    return (*first_hop_loses(scene), *(f"{words} (first hop)" for words in late if words))


def first_hop_clean(scene: Scene) -> Words:
    """Show that the supplier's first router answers all packets in its usual time."""
    if first_hop_ill(scene):
        return ()
    clean = [t for t in scene.first_hops if t.sent and t.lost == 0 and _has_usual(scene, t)]
    return tuple(f"{tally.key.target} (first hop) answers as usual" for tally in clean)


def _has_usual(scene: Scene, tally: Tally) -> bool:
    return tally.good and tally.key.target in scene.usual_seconds
