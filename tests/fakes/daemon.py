"""The real daemon in a process of its own, for tests that look at it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from fakes.ports import free_port


@dataclass
class DaemonProcess:
    """`netmon run` on a state folder; started, killed and started again at will."""

    folder: Path
    config: str = ""
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    prefix: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def config_file(self) -> Path:
        return self.folder / "netmon.toml"

    @property
    def log(self) -> str:
        return (self.folder / "daemon.log").read_text("utf-8", "replace")

    def write_config(self, text: str) -> None:
        """Write the configuration, with the page on this daemon's own port."""
        self.config_file.write_text(f'[web]\nlisten = "127.0.0.1:{self.port}"\n{text}', "utf-8")

    def start(self, *, ready: bool = True) -> DaemonProcess:
        """Start it; wait until it says that it is ready."""
        self.state.mkdir(exist_ok=True, parents=True)
        if not self.config_file.exists():
            self.write_config(self.config)
        command = [sys.executable, "-P", "-m", "netmon", "run", "--config", str(self.config_file)]
        environ = {**os.environ, "STATE_DIRECTORY": str(self.state), **self.environ}
        with (self.folder / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen([*self.prefix, *command], env=environ, stderr=log, stdout=log)
        if ready:
            self.wait_until(lambda: self.get("/-/ready")[0] == 200, "ready", 20)
        return self

    def get(self, path: str) -> tuple[int, str]:
        """GET a path of its web server; status 0 when nothing answers."""
        return self._request(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def post(self, path: str) -> tuple[int, str]:
        """POST nothing to a path."""
        return self._request(
            urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method="POST", data=b"")
        )

    def json(self, path: str):
        """GET a document of the API."""
        status, text = self.get(path)
        assert status == 200, (status, text)
        return json.loads(text)

    @staticmethod
    def _request(request: urllib.request.Request) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_until(self, fact, what: str, timeout_seconds: float = 30.0) -> None:
        """Look until a fact holds; fail with the daemon's log when it does not come true."""
        deadline = time.monotonic() + timeout_seconds
        while not fact():
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError(
                    f"the daemon ended ({self.process.returncode}) before: {what}\n{self.log}"
                )
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout_seconds} s: {what}\n{self.log[-4000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, timeout_seconds: float = 10.0) -> float:
        """End it as systemd would; return how long that took, in seconds."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout_seconds)
        return time.monotonic() - began

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another netmon command on the same state folder."""
        environ = {**os.environ, "STATE_DIRECTORY": str(self.state), **self.environ}
        return subprocess.run(
            [sys.executable, "-P", "-m", "netmon", *words],
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
