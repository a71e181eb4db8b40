"""Check the seals of a pack: chain, hourly roots, signatures (Ed25519 included), outside copies."""

from __future__ import annotations

import json
import zipfile
from datetime import date, timedelta
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
Record = dict[str, Any]
Point = tuple[int, int, int, int]


def check(path: Path, outside: list[str]) -> tuple[list[str], list[str]]:
    """Return what is wrong with a pack, and what else is to be said."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        parts = {name: archive.read(name) for name in names}
    manifest = json.loads(parts["manifest.json"])
    problems = [f"{name}: is there twice" for name in sorted(parts) if names.count(name) > 1]
    issuer, site = bytes.fromhex(manifest["issuer_key"]), bytes.fromhex(manifest["site_key"])
    if not signed(issuer, parts["manifest.json"], bytes.fromhex(parts["manifest.sig"].decode())):
        problems.append("manifest.json: not signed by the issuer's key")
    files = {
        name: sha256(data).hexdigest()
        for name, data in parts.items()
        if name not in ("manifest.json", "manifest.sig")
    }
    problems += [
        f"{name}: was changed, is missing or does not belong here"
        for name in sorted(files.keys() | manifest["files"].keys())
        if files.get(name) != manifest["files"].get(name)
    ]
    entries = [json.loads(line) for line in parts["records.jsonl"].splitlines()]
    roots = [json.loads(line) for line in parts["roots.jsonl"].splitlines()]
    problems += chain_problems(entries) + root_problems(entries, roots, site)
    told = json.loads(parts["findings.json"])
    problems += head_problems(manifest, told, roots)
    first, last = ((date.fromisoformat(told[name]) - date(1970, 1, 1)).days for name in ("first", "last"))
    hours = range(24 * first, 24 * last + 24)
    absent = len(hours) - sum(root["hour"] in hours for root in roots)
    apart, words = anchors(roots, outside)
    keys = [f"site key {sha256(site).hexdigest()}", f"issuer {sha256(issuer).hexdigest()}"]
    found = f"{len(entries)} records, {len(roots)} hours; {absent} hours of the month are not here"
    about = f"circuit {told['circuit']} from {told['first']} to {told['last']}, hours of {told['timezone']}"
    return problems + apart, [about, found, *keys, *words]


def head_problems(manifest: Record, told: Record, roots: list[Record]) -> list[str]:
    """Return what keeps the claim from being one of this format, of this site, and of one whole month."""
    problems = [
        f"root of hour {one['hour']}: another site" for one in roots if one["site"] != manifest["site"]
    ]
    first = date.fromisoformat(told["first"])
    after = (first.replace(day=1) + timedelta(days=31)).replace(day=1)
    if told["site"] != manifest["site"]:
        problems.append("findings.json: is about another site than the records")
    if first.day != 1 or told["last"] != str(after - timedelta(days=1)):
        problems.append("findings.json: is not about one whole month")
    if manifest["format"] != 1 or told["method"] != 1:
        problems.append("findings.json: is of a format or method that this program does not know")
    return problems


def spelled(value: Record) -> bytes:
    """Return the one spelling of a record."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def chain_problems(entries: list[Record]) -> list[str]:
    """Return where the chain is broken."""
    problems = []
    for place, entry in enumerate(entries):
        body = {"prev": entry["prev"], "rec": entry["rec"], "seq": entry["seq"]}
        if sha256(spelled(body)).hexdigest() != entry["hash"]:
            problems.append(f"record {entry['seq']}: was changed")
        if place and (entry["prev"], entry["seq"]) != (
            entries[place - 1]["hash"],
            entries[place - 1]["seq"] + 1,
        ):
            problems.append(f"record {entry['seq']}: does not follow the one before it")
    return problems


def root_problems(entries: list[Record], roots: list[Record], key: bytes) -> list[str]:
    """Return which hours are not as the site signed them."""
    problems, place = [], 0
    for number, root in enumerate(roots):
        body = {name: value for name, value in root.items() if name != "signature"}
        own = entries[place : place + root["count"]]
        place += root["count"]
        good = (
            signed(key, spelled(body), bytes.fromhex(root["signature"]))
            and root["key"] == sha256(key).hexdigest()
            and [entry["seq"] for entry in own] == list(range(root["first"], root["first"] + root["count"]))
            and bool(own)
            and (own[0]["prev"], own[-1]["hash"]) == (root["prev"], root["tip"])
            and tree([bytes.fromhex(entry["hash"]) for entry in own]) == root["merkle"]
            and (not number or root["hour"] == roots[number - 1]["hour"] + 1)
        )
        if not good:
            problems.append(f"hour {root['hour']}: its root does not hold")
    return problems if place == len(entries) else [*problems, "records: some are under no root"]


def tree(leaves: list[bytes]) -> str:
    """Return the root of a tree (RFC 6962 section 2.1), built upwards."""
    level = [sha256(b"\0" + leaf).digest() for leaf in leaves]
    while len(level) > 1:
        pairs = [sha256(b"\1" + level[n] + level[n + 1]).digest() for n in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex() if level else sha256(b"").hexdigest()


def anchors(roots: list[Record], outside: list[str]) -> tuple[list[str], list[str]]:
    """Compare days with lines that were kept outside."""
    days: dict[int, list[Record]] = {}
    for root in roots:
        days.setdefault(root["hour"] // 24, []).append(root)
    problems, last = [], -1
    kept: dict[tuple[str, str], list[list[str]]] = {}
    for words in (line.strip().strip(">").split() for line in outside):
        if words[:2] == ["netmon-root", "1"] and len(words) == 8 and words[4][6:].isdigit():
            kept.setdefault((words[2], words[3]), []).append(words[4:])
    for day, hours in sorted(days.items()):
        for told in kept.get((roots[0]["site"], f"day={day}"), []):
            count = int(told[0][6:])
            if count > len(hours) and day in (min(days), max(days)):
                continue
            own = hours[: max(count, 1)]
            end = own[-1]
            whole = [f"hours={len(own)}", f"seq={end['first'] + end['count']}", f"tip={end['tip']}"]
            whole.append("merkle=" + tree([spelled(root) + b"\n" for root in own]))
            if told == whole:
                last = max(last, end["hour"])
            else:
                problems.append(f"day {day}: differs from the copy that was kept outside")
    if outside and last < 0 and not problems:
        problems.append("outside copy: no line of it is of this site and a day of this pack")
    behind = sum(root["hour"] > last for root in roots)
    return problems, [f"{behind} of {len(roots)} hours have no outside copy behind them"]


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify Ed25519 (RFC 8032 section 5.1.7)."""
    key, commitment = unpacked(public), unpacked(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or len(signature) != 64 or scalar >= ORDER:
        return False
    challenge = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = times(scalar, BASE), plus(commitment, times(challenge, key))
    return all((left[axis] * right[2] - right[axis] * left[2]) % P == 0 for axis in (0, 1))


def unpacked(octets: bytes) -> Point | None:
    """Return the point of 32 octets (section 5.1.3)."""
    number = int.from_bytes(octets, "little")
    y, odd = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if y >= P or len(octets) != 32 or (x * x - square) % P or (not x and odd):
        return None
    x = P - x if x % 2 != odd else x
    return x, y, 1, x * y % P


def plus(a: Point, b: Point) -> Point:
    """Add two points (section 5.1.4)."""
    low, high = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    cross, scale = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = high - low, scale - cross, scale + cross, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    """Add a point to itself so many times."""
    found = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = plus(found, point)
        point, scalar = plus(point, point), scalar >> 1
    return found


_Y = 4 * pow(5, -1, P) % P
BASE = unpacked(_Y.to_bytes(32, "little")) or (0, 1, 1, 0)
