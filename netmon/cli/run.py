"""`netmon run`: the daemon."""

from __future__ import annotations

import asyncio
import ctypes
import os
from argparse import ArgumentParser, Namespace
from contextlib import suppress

from netmon.app.daemon import Daemon, DaemonOptions
from netmon.clock import SystemClock
from netmon.config.load import default_path
from netmon.sdk import Command
from netmon.store.folder import state_directory
from netmon.threads import DaemonThreads

_M_ARENA_MAX = -8  # malloc.h


class RunCommand(Command):
    """Watch the site until told to stop."""

    summary = "the daemon"

    def arguments(self, parser: ArgumentParser) -> None:
        """Take no arguments beside `--config`."""

    def run(self, options: Namespace) -> int:
        """Run until SIGTERM or Ctrl-C."""
        where = DaemonOptions(default_path(options.config), state_directory(os.environ), os.environ)
        _limit_malloc_arenas()
        asyncio.run(_run(Daemon(where, SystemClock())))
        return 0


async def _run(daemon: Daemon) -> None:
    # Only libraries use the default threads (aiohttp looks names up there), and asyncio.run() waits for them.
    asyncio.get_running_loop().set_default_executor(DaemonThreads(8, "default"))
    await daemon.run()


def _limit_malloc_arenas() -> None:
    """Let all threads share two heaps: glibc gives each thread its own, and none of them shrinks."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
