"""Ask the raw helper."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from netmon import sdk
from probes.raw.grammar import ANSWER_BYTES_MAX, Ask, Frame, decode_answer, encode_ask

SOCKET = Path("/run/netmon-raw/socket")
_SPARE_SECONDS = 5.0
"""What a question may take beyond its own time: for those that were put before it."""


async def ask_helper(path: Path, ask: Ask) -> Sequence[Frame]:
    """Put one question; SourceError when there is no helper, or no answer in time, or a bad one."""
    try:
        async with asyncio.timeout(ask.seconds + _SPARE_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path, limit=ANSWER_BYTES_MAX)
            try:
                writer.write(encode_ask(ask))
                return decode_answer(await reader.readline())
            finally:
                writer.close()
    except TimeoutError as error:
        raise sdk.SourceError(sdk.Outcome.TIMEOUT, "the raw helper does not answer") from error
    except (ConnectionResetError, BrokenPipeError) as error:
        raise sdk.SourceError(sdk.Outcome.GARBLED, "the raw helper hung up") from error
    except OSError as error:
        raise sdk.SourceError(
            sdk.Outcome.UNSUPPORTED,
            f"no raw helper at {path} ({error.strerror or error}): systemctl enable --now netmon-raw",
        ) from error
    except (ValueError, json.JSONDecodeError) as error:
        raise sdk.SourceError(sdk.Outcome.GARBLED, f"the raw helper answered nonsense: {error}") from error
