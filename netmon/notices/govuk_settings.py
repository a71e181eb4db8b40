"""How to reach GOV.UK Notify."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GovukSettings:
    """A service of GOV.UK Notify, its templates, and who hears by them; the key is not part of the repr."""

    url: str
    api_key: str = field(repr=False)
    sms_template: str = ""
    sms_to: tuple[str, ...] = ()
    email_template: str = ""
    email_to: tuple[str, ...] = ()
    timeout_seconds: float = 10.0
