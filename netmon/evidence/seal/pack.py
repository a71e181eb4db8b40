"""A pack: one file that holds a claim, all records below it, and the program that works it out again."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from netmon.errors import NetmonError
from netmon.evidence.seal.canonical import CanonicalError, canonical
from netmon.evidence.seal.chain import Entry
from netmon.evidence.seal.roots import FORMAT, SignedRoot
from netmon.evidence.seal.signing import Signer, fingerprint
from netmon.model import Json

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
RECORDS, ROOTS, FINDINGS, README = "records.jsonl", "roots.jsonl", "findings.json", "README.txt"
_START = "__main__.py"
"""What Python runs when it is given the pack."""
_STARTED = b"""import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or later is needed to work this pack out")

from standalone.command import main

sys.exit(main(Path(__file__).parent, sys.argv[1:]))
"""
_PROGRAM = ("__init__", "cells", "check", "command", "minutes", "money", "recompute", "speed")
PROGRAM = (_START, *(f"standalone/{name}.py" for name in _PROGRAM))
INPUTS = ("contracts.csv", "exclusions.csv", "tickets.csv")
"""The centre's files that a claim is judged by."""
NAMES = frozenset({RECORDS, ROOTS, FINDINGS, README, *PROGRAM, *INPUTS})
_MOST_BYTES = 512_000_000
_COMPRESSED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_EPOCH = (1980, 1, 1, 0, 0, 0)


class PackError(NetmonError):
    """A file is no pack, or of a format that this version does not know."""


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into a pack: whole hours of one site's chain, the centre's files as used, the figures.

    `inputs` are texts by file name; `site_public` is the key that signed the roots.
    """

    site: str
    entries: Sequence[Entry]
    roots: Sequence[SignedRoot]
    site_public: bytes
    inputs: Mapping[str, str]
    findings: Json


@dataclass(frozen=True, slots=True)
class Pack:
    """An opened pack: its manifest, the signature over that, and its files. Nothing of it is checked yet."""

    manifest: Mapping[str, Json]
    manifest_bytes: bytes
    signature: str
    files: Mapping[str, bytes]

    def text(self, name: str) -> str:
        """Return what the manifest says of itself under a name; empty: nothing, or no text."""
        found = self.manifest.get(name)
        return found if isinstance(found, str) else ""

    def lines(self, name: str) -> list[bytes]:
        """Return a file's lines with their ends; none when it is not there."""
        return self.files.get(name, b"").splitlines(keepends=True)


def write_pack(content: Content, issuer: Signer) -> bytes:
    """Return a pack; the same content gives the same bytes."""
    unknown = content.inputs.keys() - set(INPUTS)
    if unknown:
        raise PackError(f"{min(unknown)} is no file of a pack")
    here = files("netmon.evidence.standalone")
    parts = {
        RECORDS: b"".join(entry.line() for entry in content.entries),
        ROOTS: b"".join(root.line() for root in content.roots),
        FINDINGS: canonical(content.findings) + b"\n",
        README: (here / README).read_bytes(),
        _START: _STARTED,
        **{f"standalone/{name}.py": (here / f"{name}.py").read_bytes() for name in _PROGRAM},
        **{name: text.encode() for name, text in content.inputs.items()},
    }
    manifest = canonical(
        {
            "format": FORMAT,
            "site": content.site,
            "site_key": content.site_public.hex(),
            "issuer_key": issuer.public.hex(),
            "issuer": fingerprint(issuer.public),
            "files": {name: sha256(data).hexdigest() for name, data in parts.items()},
        }
    )
    parts |= {MANIFEST: manifest, SIGNATURE: issuer.sign(manifest).hex().encode()}
    return _zipped(parts)


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    found = BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(parts):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), parts[name], zipfile.ZIP_DEFLATED)
    return found.getvalue()


def open_pack(path: Path) -> Pack:
    """Open a pack; PackError says why it is none. Files of other names are faults, found by `pack_faults`."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
                raise PackError(f"{path} would unpack to more than {_MOST_BYTES} bytes")
            names = archive.namelist()
            if any(info.compress_type not in _COMPRESSED for info in archive.infolist()):
                raise PackError(f"{path} is compressed as no pack is")
            if len(set(names)) < len(names):
                raise PackError(f"{path} holds two files of one name")
            parts = {name: archive.read(name) for name in names}
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise PackError(f"{path} cannot be opened as a pack: {error}") from error
    except ValueError as error:
        raise PackError(f"{path} is damaged: {error}") from error
    if MANIFEST not in parts or SIGNATURE not in parts:
        raise PackError(f"{path} has no {MANIFEST} with its signature")
    raw = parts.pop(MANIFEST)
    signature = parts.pop(SIGNATURE).decode("ascii", "replace").strip()
    return Pack(_manifest(path, raw), raw, signature, parts)


def _manifest(path: Path, raw: bytes) -> Mapping[str, Json]:
    try:
        found = json.loads(raw)
        if not isinstance(found, dict) or canonical(found) != raw:
            raise PackError(f"{path}: {MANIFEST} is not written canonically")
    except (ValueError, CanonicalError, RecursionError) as error:
        raise PackError(f"{path}: {MANIFEST} cannot be read: {error}") from error
    if found.get("format") != FORMAT:
        raise PackError(f"{path} has format {found.get('format')}; this version reads format {FORMAT}")
    return found
