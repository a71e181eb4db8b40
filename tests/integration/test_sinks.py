"""Several outputs at once, and from one configuration to the next."""

import asyncio

from fakes import records
from fakes.clock import FakeClock
from fakes.delivering import until
from fakes.history import MemoryHistory
from fakes.remote_write import faulty_receiver

from netmon.app.sinks import Sinks
from netmon.config import load


def configuration(folder, *outputs):
    path = folder / "netmon.toml"
    path.write_text('[site]\nid = "lib"\n' + "\n".join(outputs))
    return load(path, {}).configuration


async def test_each_output_has_its_own_cursor_and_a_reload_leaves_the_others_alone(tmp_path):
    store = MemoryHistory(records.reading(records.shape(), n, [n + 0.5]) for n in range(20))
    files = f'[output.file]\nfolder = "{tmp_path}/files"\n'
    async with faulty_receiver() as first, faulty_receiver() as second:
        writes = [f'[output.remote_write]\nurl = "{one.url}"\n' for one in (first, second)]
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            sinks = Sinks(tasks, store, FakeClock())
            await sinks.apply(configuration(tmp_path, files, writes[0]))
            await until(lambda: all(pump.position == 20 for pump in sinks.pumps))
            before = {pump.sink.name: pump for pump in sinks.pumps}

            await sinks.apply(configuration(tmp_path, files, writes[1]))
            after = {pump.sink.name: pump for pump in sinks.pumps}
            assert after["file"] is before["file"]
            assert after["remote_write"] is not before["remote_write"]
            await until(lambda: all(pump.position == 20 for pump in sinks.pumps))
            assert first.values("probe_duration_seconds") == second.values("probe_duration_seconds")

            await sinks.apply(configuration(tmp_path, writes[1]))
            assert [pump.sink.name for pump in sinks.pumps] == ["remote_write"]
            await sinks.end()
            assert sinks.pumps == ()
