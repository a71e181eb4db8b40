"""Which incidents go which way."""

from __future__ import annotations

from dataclasses import dataclass

from netmon.incidents.incident import Certainty, Severity
from netmon.incidents.notice import Notice
from netmon.model import Fault

_SUPPLIERS = frozenset({Fault.LINE, Fault.ISP})


@dataclass(frozen=True, slots=True)
class Selection:
    """What a channel takes. `fault_desk_of`: only what is a supplier's matter, of this supplier."""

    channel: str
    severities: frozenset[Severity]
    fault_desk_of: str = ""

    def takes(self, notice: Notice) -> bool:
        """Tell whether it is for this channel; an end is when its beginning was, which the lane knows."""
        incident = notice.incident
        if self.fault_desk_of:
            sure = incident.certainty is not Certainty.UNKNOWN and incident.fault in _SUPPLIERS
            if not sure or incident.thing.supplier != self.fault_desk_of:
                return False
        named = not incident.notify or self.channel in incident.notify
        return named and notice.severity in self.severities
