"""Which lanes there were: one whose channel leaves the configuration forgets, and would begin anew."""

from __future__ import annotations

from collections.abc import Collection

from netmon.notices.lane_state import state_key
from netmon.store.interface import History

_KEY = "lanes of notices"


async def forget_gone(history: History, names: Collection[str]) -> None:
    """Let lanes that are no more forget where they stood: nobody wants what was told while they were away."""
    known = (await history.read_state(_KEY) or "").splitlines()
    for gone in set(known) - set(names):
        await history.write_state(state_key(gone), "")
    if sorted(names) != known:
        await history.write_state(_KEY, "\n".join(sorted(names)))
