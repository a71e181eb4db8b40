"""What certificates of receivers are checked against."""

from __future__ import annotations

import ssl

from netmon.errors import Parked


def tls_context(url: str, ca_file: str) -> ssl.SSLContext:
    """Return what certificates are checked against; Parked when the file is unusable. Blocks.

    Reading the system's takes 40 ms and some memory, so it is left out where nothing is encrypted.
    """
    if not url.startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise Parked(f"certificates in {ca_file}: {error}") from error
