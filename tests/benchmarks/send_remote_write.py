"""Encode and send by remote-write 1.0 to VictoriaMetrics: processor time per sample."""

from __future__ import annotations

from functools import partial

from _sending import DATA, cpu_us_per_sample, receiver, report, say
from fakes.clock import FakeClock

from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings


def sink(url: str) -> RemoteWriteSink:
    return RemoteWriteSink(RemoteWriteSettings(url, site="bench", out_of_order="no"), FakeClock())


def main() -> None:
    for name, make in DATA.items():
        readings = make()
        with receiver() as server:
            ours = cpu_us_per_sample(partial(sink, f"{server.url}/api/v1/write"), readings)
        say(f"{name}: {ours:.2f} us per sample")
        report("send_remote_write", ours, "", None, f"{name}; no peer: a sample is a message of its own")


if __name__ == "__main__":
    main()
