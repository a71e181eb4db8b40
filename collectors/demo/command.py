"""`netmon demo`: the simulated site, and the real daemon watching it with a real configuration."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

from collectors.demo.library import DOWN_BITS_PER_SECOND, UP_BITS_PER_SECOND
from collectors.demo.site import COMMUNITY, SimulatedSite
from netmon import sdk

_COMMUNITY_VARIABLE = "NETMON_DEMO_COMMUNITY"
_CONFIGURATION = Template("""\
[site]
id = "demo-library"
name = "Demonstration library"
users = 40
networks = ["127.0.0.0/28"]

[web]
listen = "$listen"

[store]
commit_every = "2s"

[[circuit]]
id = "wan1"
supplier = "Northern Fibre"
supplier_ref = "NF-100"
technology = "fttp"
down = "${down}Mbit/s"
up = "${up}Mbit/s"
rate_layer = "IP"
wan = { device = "router", interface = "wan0" }

[credential.demo]
version = "2c"
community = { env = "$community_variable" }
allow_weak = true

[[device]]
name = "router"
address = "127.0.0.11:$router"
credential = "demo"
every = "5s"
role = "router"

[[device]]
name = "sw1"
address = "127.0.0.12:$sw1"
credential = "demo"
every = "5s"
role = "switch"
parent = "router"

[[probe]]
name = "gateway"
type = "icmp"
role = "gateway"
targets = ["127.0.0.1"]
every = "5s"

[[probe]]
name = "anchors"
type = "http"
role = "anchor"
circuit = "wan1"
targets = ["http://127.0.0.21:$anchor_a/", "http://127.0.0.22:$anchor_b/"]
every = "5s"
timeout = "2s"

[[probe]]
name = "resolver"
type = "dns"
role = "resolver"
targets = ["127.0.0.31:$resolver"]
every = "5s"
timeout = "2s"

[[probe]]
name = "portal"
type = "http"
role = "service"
targets = ["http://127.0.0.23:$portal/"]
every = "5s"
timeout = "2s"
""")


class DemoCommand(sdk.Command):
    """Watch a day go by in ten minutes: nothing to install, no privileges, nothing leaves the machine."""

    summary = "a simulated site on loopback, and the daemon watching it"

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        parser.add_argument(
            "--listen", default="127.0.0.1:9877", help="where the page is served (default: %(default)s)"
        )
        parser.add_argument(
            "--day", default="10m", help="how long a simulated day takes (default: %(default)s)"
        )
        parser.add_argument(
            "--state", type=Path, help="keep the history here (default: forgotten at the end)"
        )

    def run(self, options: Namespace) -> int:
        """Run until interrupted."""
        try:
            day_seconds = sdk.duration_seconds(options.day)
        except ValueError as error:
            raise sdk.UsageError(f"--day: {error}") from error
        with tempfile.TemporaryDirectory(prefix="netmon-demo-") as folder:
            return asyncio.run(_run(options, day_seconds, Path(folder)))


async def _run(options: Namespace, day_seconds: float, folder: Path) -> int:
    async with SimulatedSite(sdk.SystemClock(), day_seconds) as site:
        config = folder / "netmon.toml"
        config.write_text(configuration(site, options.listen), "utf-8")
        state = options.state or folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        with _mailbox() as (mailbox, name):
            daemon = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "netmon", "run", "--config", str(config)),
                env={
                    **os.environ,
                    "STATE_DIRECTORY": str(state),
                    "NOTIFY_SOCKET": name,
                    _COMMUNITY_VARIABLE: COMMUNITY,
                },
                start_new_session=True,
            )
            return await _watch(site, daemon, _announce(site, options.listen, mailbox))


@contextmanager
def _mailbox() -> Iterator[tuple[socket.socket, str]]:
    """Open a socket for what the daemon tells a service manager; the kernel names it (unix(7))."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as mailbox:
        mailbox.bind("")
        yield mailbox, "@" + mailbox.getsockname()[1:].decode("ascii")


async def _announce(site: SimulatedSite, listen: str, mailbox: socket.socket) -> None:
    """Say what there is to see once the daemon serves it; what fails before that has its own message."""
    loop, said = asyncio.get_running_loop(), False
    while True:  # to the end, or the daemon would find the mailbox full
        message = await loop.sock_recv(mailbox, 4096)
        if b"READY=1" in message and not said:
            sys.stderr.write(announcement(listen, *site.cut(), site.day_seconds))
            said = True


async def _watch(
    site: SimulatedSite, daemon: asyncio.subprocess.Process, announced: Coroutine[None, None, None]
) -> int:
    """Let the site live until the daemon ends or somebody stops us; stop the daemon with us."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    announcing = asyncio.create_task(announced)
    tasks = {
        asyncio.create_task(site.live()),
        asyncio.create_task(stopped.wait()),
        asyncio.create_task(daemon.wait()),
    }
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, announcing):
        task.cancel()
    if daemon.returncode is None:
        daemon.terminate()
    code = await daemon.wait()
    return 0 if stopped.is_set() else code


def configuration(site: SimulatedSite, listen: str) -> str:
    """Return the daemon's configuration for the simulated site."""
    return _CONFIGURATION.substitute(
        {name.replace("-", "_"): port for name, port in site.ports.items()},
        listen=listen,
        community_variable=_COMMUNITY_VARIABLE,
        down=DOWN_BITS_PER_SECOND // 10**6,
        up=UP_BITS_PER_SECOND // 10**6,
    )


def announcement(listen: str, until_seconds: float, cut_seconds: float, day_seconds: float) -> str:
    """Return what a person is told once there is something to see; all times are real ones."""
    when = f"{_time(until_seconds)} from now" if until_seconds else "now"
    return (
        "A simulated library: router, 48-port switch, a 100/20 Mbit/s line.\n"
        f"The line is cut {when} for {_time(cut_seconds)}, then every {_time(day_seconds)}.\n"
        f"Watch it on http://{listen}/ and stop with Ctrl-C.\n"
    )


def _time(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:.0f} s"
