"""What the doctor says of the receivers of the history."""

import pytest
from fakes.influx import Reply
from fakes.ports import free_port
from fakes.remote_write import faulty_receiver

from netmon.cli.doctor_finding import Level
from netmon.cli.doctor_sinks import sinks
from netmon.config import load


def configuration(folder, text):
    path = folder / "netmon.toml"
    path.write_text(f'[site]\nid = "lib"\n{text}')
    return load(path, {}).configuration


async def test_a_receiver_of_remote_write_is_asked_whether_it_takes_nothing(tmp_path):
    async with faulty_receiver() as server:
        named = configuration(tmp_path, f'[output.remote_write]\nurl = "{server.url}"\n')
        (good,) = await sinks(named)
        server.replies.append(Reply(404, b"remote write receiver needs to be enabled"))
        (bad,) = await sinks(named)
    assert (good.level, good.subject) == (Level.OK, "sink remote_write")
    assert bad.level is Level.FAIL
    assert "--web.enable-remote-write-receiver" in bad.text
    assert server.taken == []


async def test_every_output_is_judged_on_its_own(tmp_path):
    port = free_port()
    text = (
        f'[output.influxdb]\nurl = "http://127.0.0.1:{port}"\ndatabase = "d"\n'
        f'[output.remote_write]\nurl = "http://127.0.0.1:{port}/w"\n'
        f'[output.file]\nfolder = "{tmp_path}/export"\n'
    )
    found = await sinks(configuration(tmp_path, text))
    assert [(one.subject, one.level) for one in found] == [
        ("sink influxdb", Level.FAIL), ("sink remote_write", Level.FAIL), ("sink file", Level.OK),
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["file", "file/sub"])
async def test_a_file_in_the_place_of_a_folder_is_a_failure(tmp_path, place):
    (tmp_path / "file").write_text("")
    (found,) = await sinks(configuration(tmp_path, f'[output.file]\nfolder = "{tmp_path / place}"\n'))
    assert (found.level, bool(found.remedy)) == (Level.FAIL, True)
