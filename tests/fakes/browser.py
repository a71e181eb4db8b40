"""A real Chromium without a window, driven by the DevTools protocol over a pair of pipes.

with browser(tmp_path) as page:      # skips with the reason when it is not installed
    page.show(file, width=360); page.evaluate("document.title"); page.picture(); page.pdf()
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.servers import require

_ANSWER_SECONDS = 60.0
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Nothing but files: whatever a page would fetch from elsewhere is not found.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    *("--remote-debugging-pipe", "about:blank"),
)


class Browser:
    """One tab. `asked` are the addresses that pages wanted, their own file left out."""

    def __init__(self, writes: int, reads: int) -> None:
        self._writes, self._reads = writes, reads
        self._rest = b""
        self._number = 0
        self._session = ""
        self.asked: list[str] = []

    def attach(self) -> None:
        """Take hold of the tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Network.enable")

    def show(self, file: Path, width: int, height: int = 900, *, ratio: float = 1.0) -> None:
        """Load a page in a window of that size."""
        phone = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=ratio, mobile=phone,
        )  # fmt: skip
        self.asked.clear()
        self.call("Page.navigate", url=file.as_uri())
        self._wait(lambda told: told.get("method") == "Page.loadEventFired")
        self.asked = [address for address in self.asked if address != file.as_uri()]

    def evaluate(self, script: str):
        """Return what a script yields, promises awaited."""
        told = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def picture(self) -> bytes:
        """Return a PNG of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        told = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(told["data"])

    def pdf(self) -> bytes:
        """Return the page as it is printed, on the paper that it asks for."""
        told = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(told["data"])

    def call(self, method: str, **parameters):
        """Send one command and return its answer."""
        self._number += 1
        told = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            told["sessionId"] = self._session
        os.write(self._writes, json.dumps(told).encode() + b"\0")
        number = self._number
        answer = self._wait(lambda one: one.get("id") == number)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def _wait(self, wanted):
        deadline = time.monotonic() + _ANSWER_SECONDS
        while True:
            told = self._next(deadline)
            if told.get("method") == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            if wanted(told):
                return told

    def _next(self, deadline: float):
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            ready = select.select([self._reads], [], [], max(left, 0))[0] if left > 0 else ()
            assert ready, "the browser does not answer"
            more = os.read(self._reads, 1 << 20)
            assert more, "the browser has ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Run Chromium with a profile of its own."""
    program = require("chromium")
    theirs_in, writes = os.pipe()
    reads, theirs_out = os.pipe()
    # The protocol is spoken on descriptors 3 and 4, which subprocess cannot choose.
    shell = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
    command = ("bash", "-c", shell, "bash", program, f"--user-data-dir={folder / 'profile'}", *_FLAGS)
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, pass_fds=(theirs_in, theirs_out)
        )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        tab = Browser(writes, reads)
        tab.attach()
        yield tab
    finally:
        process.kill()
        process.wait()
        os.close(writes)
        os.close(reads)
