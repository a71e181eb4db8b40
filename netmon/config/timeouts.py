"""How long probes may take that say nothing of it: what their type usually takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netmon.config.overlaps import Checked
from netmon.config.sources import Catalogue
from netmon.config.watch import ProbeSection
from netmon.errors import UsageError
from netmon.sdk import Probe


def with_timeouts(sections: Sequence[Checked], catalogue: Catalogue) -> Iterator[Checked]:
    """Yield the sections, probes with a timeout; what cannot be loaded is told by whoever checks sources."""
    for entry, section in sections:
        if isinstance(section, ProbeSection) and section.timeout_seconds is None:
            seconds = _usual_seconds(section, catalogue)
            yield entry, section.model_copy(update={"timeout_seconds": seconds})
        else:
            yield entry, section


def _usual_seconds(section: ProbeSection, catalogue: Catalogue) -> float | None:
    """Return the type's usual time, at most half of `every`: one run ends before the next begins.

    A probe that is alone on the line has all of its time: it looks more often than it runs.
    """
    if section.type not in catalogue.names:
        return None
    try:
        source = catalogue.find(section.type)
    except (ImportError, UsageError):
        return None
    if not issubclass(source, Probe):
        return None
    if source.exclusive:
        return source.usual_seconds
    return min(section.every_seconds / 2, source.usual_seconds)
