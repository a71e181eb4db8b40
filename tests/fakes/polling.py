"""Poll a recorded device with collectors, and see what `netmon poll --json` would print."""

from __future__ import annotations

from fakes.recordings import replayed
from fakes.snmp_agent import COMMUNITY, credential

from collectors.snmp.agent import Agent, serve
from collectors.snmp.command import collectors
from collectors.snmp.document import document
from netmon import sdk

BY_RULES = "system,resources,sensors,wireless,inventory"


async def poll_recording(text: str, context: sdk.Context, names: str = BY_RULES) -> dict[str, sdk.Json]:
    """Return the document of one poll; the context is closed with it."""
    objects = replayed(text)
    transport, port = await serve(Agent(lambda: objects, COMMUNITY), "127.0.0.1")
    records: list[sdk.Record] = []
    try:
        device = sdk.Device("recorded", "127.0.0.1", port, credential())
        for source in collectors(names, device, 10.0):
            await source.open(context)
            records += await source.read()
            await source.close()
    finally:
        transport.close()
        await context.shared.close()
    return document(records)
