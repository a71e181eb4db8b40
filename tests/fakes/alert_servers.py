"""The distribution's Alertmanager on a loopback port, and the pages that it sends out."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from fakes.ports import free_port
from fakes.servers import Server, _running, require


@dataclass
class Pager:
    """Receives what Alertmanager sends: one entry per notification."""

    url: str = ""
    pages: list[dict] = field(default_factory=list)

    def by(self, status: str) -> list[dict]:
        return [one for one in self.pages if one["status"] == status]


@contextmanager
def pager() -> Iterator[Pager]:
    """Receive until the test ends."""
    found = Pager()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.pages.append({**body, "path": self.path})
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[Server]:
    """Run Alertmanager with a configuration (YAML)."""
    program, port = require("prometheus-alertmanager"), free_port()
    (folder / "alertmanager.yml").write_text(config)
    command = (
        program,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    log = folder / "alertmanager.log"
    with _running(Server(command, f"http://127.0.0.1:{port}", "/-/ready", log)) as server:
        yield server


def post(url: str, document: object) -> object:
    """Post JSON; return the JSON answer."""
    request = urllib.request.Request(
        url, json.dumps(document).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        body = response.read()
    return json.loads(body) if body else None
