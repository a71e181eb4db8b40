"""The history against death: `kill -9`, power cuts and flipped bits while it commits, seals and forgets.

A thousand kills, three thousand cuts, ten thousand flips and truncations; every acknowledged record must be
there, every history must open, and no damage may go unseen. No peer offers such a figure: `ratio` is null.
KILLS, CUTS and FLIPS in the environment make it shorter; SEED draws other ones, so that slices add up.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

import test_store_crash as crash
from fakes import power_cut

KILLS, CUTS, FLIPS = (
    int(os.environ.get(name, count)) for name, count in (("KILLS", 1000), ("CUTS", 3000), ("FLIPS", 10_000))
)

SEED = int(os.environ.get("SEED", "1"))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def kills(work: Path) -> dict[str, int]:
    chance, folder = random.Random(SEED), work / "killed"
    found = {"lost": 0, "refused_to_open": 0}
    for number in range(KILLS):
        said = crash.killed(folder, chance.uniform(0.02, 0.4))
        copy = work / "copy"
        shutil.copytree(folder, copy)
        await judge(crash.verify(copy, said), found)
        shutil.rmtree(copy)
        if number % 100 == 99:
            say(f"{number + 1} kills: {found}, {said} records")
            shutil.rmtree(folder)
    return found


async def cuts(work: Path) -> dict[str, int]:
    (work / "record").mkdir()
    operations = await asyncio.to_thread(power_cut.record, work / "record", work, 250)
    chance, disk = random.Random(SEED), power_cut.Disk(operations)
    found = {"lost": 0, "refused_to_open": 0}
    slowest = 0.0
    points = sorted(chance.choices(range(100, len(operations)), k=CUTS))
    for number, point in enumerate(points):
        disk.follow(point)
        folder = work / "cut"
        folder.mkdir()
        disk.cut(folder, chance)
        began = time.monotonic()
        await judge(crash.verify(folder, disk.said), found)
        slowest = max(slowest, time.monotonic() - began)
        shutil.rmtree(folder)
        if number % 300 == 299:
            say(f"{number + 1} cuts: {found}, slowest opening and reading {slowest:.2f} s")
    return found


async def flips(work: Path) -> dict[str, int]:
    await crash.grown(work / "sound")
    truth, _ = await crash.read_with_damage(work / "sound")
    chance, found = random.Random(SEED), {"undetected": 0, "refused_to_open": 0}
    for number in range(FLIPS):
        folder = work / "flipped"
        shutil.copytree(work / "sound", folder)
        files = [folder / "history.db", *sorted((folder / "sealed").glob("*/*.blocks"))]
        harm = crash.harm(chance.choices(files, [path.stat().st_size for path in files])[0], chance)
        try:
            seen, damaged = await crash.read_with_damage(folder)
        except Exception as error:  # noqa: BLE001 - whatever keeps it shut
            say(f"flip {number}: {error!r}")
            found["refused_to_open"] += 1
        else:
            wrong = any(crash.differs(one, truth[at]) for at, one in seen.items())
            whole = seen.keys() == truth.keys()
            if wrong or not (whole or damaged):
                found["undetected"] += 1
                say(f"flip {number}: not told: {harm}; missing {sorted(truth.keys() - seen.keys())}")
        shutil.rmtree(folder)
        if number % 1000 == 999:
            say(f"{number + 1} flips and truncations: {found}")
    return found


async def judge(verdict: Coroutine[object, object, object], found: dict[str, int]) -> None:
    try:
        await verdict
    except AssertionError as error:
        say(f"lost: {error}")
        found["lost"] += 1
    except Exception as error:  # noqa: BLE001 - whatever keeps it shut
        say(f"refused: {error!r}")
        found["refused_to_open"] += 1


def main() -> None:
    logging.disable(logging.CRITICAL)
    parts: list[tuple[Callable[[Path], Coroutine[object, object, dict[str, int]]], str, int]] = [
        (kills, "kill -9", KILLS), (cuts, "power cuts", CUTS), (flips, "flips and truncations", FLIPS),
    ]  # fmt: skip
    for part, name, runs in parts:
        if not runs:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(part(Path(folder)))
        for metric, value in found.items():
            row = {"bench": "store_crash", "metric": metric, "value": value, "unit": "count", "peer": ""}
            print(
                json.dumps(row | {"peer_value": None, "ratio": None, "runs": runs, "note": name}), flush=True
            )


if __name__ == "__main__":
    main()
