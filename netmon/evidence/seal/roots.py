"""Signed roots: an hour of a site's chain in 200 octets, a day in one line that others keep for us."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from netmon.evidence.seal.canonical import RecordJson, canonical
from netmon.evidence.seal.chain import Entry, Tip
from netmon.evidence.seal.merkle import merkle_root
from netmon.evidence.seal.signing import Signer, fingerprint
from netmon.model import Event, Retention, Stamp

FORMAT = 1
HOUR_MINUTES = 60
AMENDMENT = "amendment"
"""Kind of a record that holds one of an hour that was sealed before."""
ROOT_EVENT = "evidence_root"
"""Kind of the event by which a signed root travels through sinks to the centre."""
PUBLIC = "public"
"""What that event's data call the site's public key, in hexadecimal."""
_WORD = "netmon-root"


@dataclass(frozen=True, slots=True)
class HourRoot:
    """What was sealed for one hour (since 1970, UTC): `count` records from `first` on.

    The first `late` of them are amendments to hours before. `prev` and `tip` are the chain's hashes before
    and after them. `key` is the signer's fingerprint.
    """

    site: str
    hour: int
    first: int
    count: int
    late: int
    prev: str
    tip: str
    merkle: str
    key: str
    v: int = FORMAT

    def message(self) -> bytes:
        """Return what is signed."""
        return canonical(self.record())

    def record(self) -> RecordJson:
        """Return the root as a record."""
        return {"kind": "root", **asdict(self)}


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """A root with its signature, in hexadecimal."""

    root: HourRoot
    signature: str

    def line(self) -> bytes:
        """Return it as a line of a file."""
        return canonical({**self.root.record(), "signature": self.signature}) + b"\n"


def root_event(signed: SignedRoot, stamp: Stamp, public: bytes) -> Event:
    """Return the event that carries a signed root to the centre, with the key that it is checked with.

    Without it nobody could check a root once the site's card is gone; whose key it is, its fingerprint says.
    """
    root = signed.root
    text = f"hour {root.hour} of the chain: {root.count} records from {root.first} on, tip {root.tip}"
    data = {**root.record(), "signature": signed.signature, PUBLIC: public.hex()}
    return Event(ROOT_EVENT, (("site", root.site),), text, stamp, data, Retention.EVIDENCE)


def leaves(entries: Iterable[Entry]) -> list[bytes]:
    """Return what an hour's tree is made of: the hashes of its entries."""
    return [bytes.fromhex(entry.hash) for entry in entries]


def sign_hour(site: str, hour: int, entries: Sequence[Entry], before: Tip, signer: Signer) -> SignedRoot:
    """Return the signed root of an hour's entries, which follow each other."""
    root = HourRoot(
        site,
        hour,
        before.seq,
        len(entries),
        sum(entry.rec.get("kind") == AMENDMENT for entry in entries),
        before.hash,
        entries[-1].hash if entries else before.hash,
        merkle_root(leaves(entries)),
        fingerprint(signer.public),
    )
    return SignedRoot(root, signer.sign(root.message()).hex())


@dataclass(frozen=True, slots=True)
class DayRoot:
    """A site's day: the tree over its signed hours, and where the chain stood at its end."""

    site: str
    day: int
    hours: int
    seq: int
    tip: str
    merkle: str

    def line(self) -> str:
        """Return the line that is sent to whoever keeps it for us."""
        told = f"{_WORD} {FORMAT} {self.site} day={self.day} hours={self.hours} seq={self.seq}"
        return f"{told} tip={self.tip} merkle={self.merkle}"


def day_root(site: str, day: int, hours: Sequence[SignedRoot]) -> DayRoot:
    """Return the root of a day (since 1970, UTC) from its signed hours, of which there is at least one."""
    last = hours[-1].root
    return DayRoot(
        site, day, len(hours), last.first + last.count, last.tip, merkle_root([one.line() for one in hours])
    )


def estate_root(days: Iterable[DayRoot]) -> str:
    """Return one hash for a day of all sites, in order of their names."""
    return merkle_root([one.line().encode() for one in sorted(days, key=lambda one: one.site)])


def parse_day_root(line: str) -> DayRoot | None:
    """Return the root of a line; None for a line that is none. Text of a mail around it is no matter."""
    words = line.strip().strip(">").split()
    if len(words) != 8 or words[:2] != [_WORD, str(FORMAT)]:
        return None
    cells = dict(word.partition("=")[::2] for word in words[3:])
    try:
        day, hours, seq = (int(cells[name]) for name in ("day", "hours", "seq"))
        return DayRoot(words[2], day, hours, seq, cells["tip"], cells["merkle"])
    except (KeyError, ValueError):
        return None
