"""A certificate authority of a test's own, and a certificate for localhost that it signed."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

_EXTENSIONS = "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Authority:
    """Files: what clients trust; what the server shows, and its key."""

    trusted: Path
    certificate: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.trusted)


def make_authority(folder: Path) -> Authority:
    """Make both certificates, good for two days."""
    trusted, ca_key, certificate, key = (folder / name for name in ("ca.pem", "ca.key", "tls.pem", "tls.key"))
    request, extensions = folder / "tls.csr", folder / "extensions"
    extensions.write_text(_EXTENSIONS)
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl(
        "req",
        "-x509",
        *_CURVE,
        "-keyout",
        ca_key,
        "-out",
        trusted,
        "-days",
        "2",
        "-subj",
        "/CN=a test",
        *usage,
    )
    _openssl("req", *_CURVE, "-keyout", key, "-out", request, "-subj", "/CN=localhost")
    _openssl(
        "x509", "-req", "-in", request, "-CA", trusted, "-CAkey", ca_key, "-CAcreateserial",
        "-out", certificate, "-days", "2", "-extfile", extensions,
    )  # fmt: skip
    return Authority(trusted, certificate, key)


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
