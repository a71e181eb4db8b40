"""Both IP versions of a target, each for itself: a name may answer by one and be dead by the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self, TypeVar

from netmon import sdk
from probes.target import Families

_APART: tuple[Families, ...] = ("ipv4", "ipv6")


class FamilySettings(sdk.Settings):
    """`family`: which of a name's addresses to use; `both` measures each IP version apart."""

    family: Families = "any"


S = TypeVar("S", bound=FamilySettings)


class FamilyProbe(sdk.Probe[S]):
    """A probe that, asked for both, is two: one per IP version, told apart by the label `family`."""

    def __init__(self, assignment: sdk.Assignment, settings: S) -> None:
        super().__init__(assignment, settings)
        apart = _APART if settings.family == "both" else ()
        self._apart = tuple(self._of(family) for family in apart)

    async def open(self, context: sdk.Context) -> None:
        """Open both, where there are two."""
        await super().open(context)
        for one in self._apart:
            await one.open(context)

    async def read(self) -> Sequence[sdk.Record]:
        """Probe all targets, by both IP versions at once where that was asked for."""
        if not self._apart:
            return await super().read()
        found = await asyncio.gather(*(one.read() for one in self._apart))
        return [record for records in found for record in records]

    async def close(self) -> None:
        """Close both, where there are two."""
        for one in self._apart:
            await one.close()
        await super().close()

    def _of(self, family: Families) -> Self:
        settings = self.settings.model_copy(update={"family": family})
        one = type(self)(self.assignment, settings)
        one.row_labels = (("family", family),)
        return one
