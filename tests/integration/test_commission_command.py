"""`netmon commission` from its words to the record, and what the far end allows."""

import asyncio
import json
import os
import sys

import pytest
from fakes.capacity import TOKEN, capacity_server
from fakes.context import make_context

from probes.bandwidth.commission import instrument
from probes.bandwidth.http_streams import HttpStreams, Paths
from probes.bandwidth.measured import Ask, Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.ndt7 import Ndt7
from probes.bandwidth.place import find_place


async def commissioned(folder, target, *words):
    (folder / "token").write_text(TOKEN)
    command = ["-P", "-m", "netmon", "commission", target, "--token-file", folder / "token", *words]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"STATE_DIRECTORY": str(folder / "state")},
    )  # fmt: skip
    async with asyncio.timeout(60):
        output, said = await process.communicate()
    return process.returncode, output.decode(), said.decode()


PLACE = ("--demarcation", "the socket", "--witness", "A. Person")


async def test_an_instrument_is_commissioned_and_its_record_signed(tmp_path):
    async with capacity_server(TOKEN, test_bytes=10**12) as port:
        code, output, said = await commissioned(
            tmp_path, f"http://127.0.0.1:{port}/", *PLACE, "--duration", "1s", "--pause", "0s", "--json"
        )
    assert code == 0, said
    document = json.loads(output)
    found = instrument.read(instrument.record_path(tmp_path / "state", ""))
    assert found.document == document
    assert document["demarcation"] == "the socket"
    assert document["witness"] == "A. Person"
    assert set(found.ceilings) == {
        (method, direction) for method in ("http", "ndt7") for direction in Direction
    }
    assert found.learned == set(Direction)
    assert (tmp_path / "state" / "instrument.key").stat().st_mode & 0o777 == 0o600


async def test_a_far_end_that_is_not_there_is_told_and_fails_the_command(tmp_path):
    code, _, said = await commissioned(
        tmp_path, "http://127.0.0.1:1/", *PLACE, "--duration", "1s", "--pause", "0s"
    )
    assert code == 1
    assert "127.0.0.1 port 1" in said
    assert not list((tmp_path / "state").glob("commission*"))


async def test_a_circuit_that_nobody_knows_is_a_mistake_in_words(tmp_path):
    code, _, said = await commissioned(tmp_path, "http://127.0.0.1:1/", *PLACE, "--circuit", "nine")
    assert code == 2
    assert "--circuit" in said


@pytest.mark.parametrize("kind", ["http", "ndt7"])
@pytest.mark.parametrize("direction", list(Direction))
async def test_a_far_end_gives_no_more_than_it_may_and_says_so(kind, direction):
    context = make_context()
    async with capacity_server(TOKEN, bits_per_second=80_000_000) as port:
        place = await find_place(context, f"http://127.0.0.1:{port}/", "any", None, TOKEN)
        clock = context.clock
        method = HttpStreams(place, clock, Paths()) if kind == "http" else Ndt7(place, clock, None)
        meter = Meter(context.ledger, "", 10**10)
        found = await method.run(Ask(direction, 2.0, 2, False), meter)
    assert found.far_record["most_bits_per_second"] == 80_000_000
    # Buffers take some megabytes more than the far end has read.
    assert meter.spent_bytes < 60_000_000


@pytest.mark.parametrize(
    ("manners", "words"),
    [("metered = true", "is metered"), ('quiet_hours = ["00:00-24:00"]', "in the quiet hours of line")],
)
async def test_a_line_that_must_not_be_filled_is_not_commissioned(tmp_path, manners, words):
    (tmp_path / "netmon.toml").write_text(f'[site]\nid = "lib"\n[[circuit]]\nid = "line"\n{manners}\n')
    code, _, said = await commissioned(
        tmp_path, "http://127.0.0.1:1/", *PLACE, "--config", tmp_path / "netmon.toml"
    )
    assert code == 2
    assert words in said
