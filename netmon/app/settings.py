"""Checked sections of the configuration, in the words of the parts that use them."""

from __future__ import annotations

import socket
from hashlib import sha256
from zoneinfo import ZoneInfo

from netmon.config.schema import Configuration
from netmon.web.settings import Tls, WebSettings


def web_settings(configuration: Configuration) -> WebSettings:
    """Return how the web server listens, and to whom; this machine's own name is always good."""
    section, hostname = configuration.web, socket.gethostname().partition(".")[0].lower()
    digests = tuple(sha256(token.get_secret_value().encode()).hexdigest() for token in section.tokens)
    return WebSettings(
        listen=str(section.listen),
        technician=str(section.technician) if section.technician else "",
        token_sha256=digests,
        allowed_hosts=(*section.allowed_hosts, hostname, f"{hostname}.local"),
        tls=Tls(section.tls.certificate, section.tls.key) if section.tls else None,
        timezone=ZoneInfo(configuration.site.timezone),
    )
