"""Probes and collectors that exist only to be configured."""

from typing import ClassVar, Literal

from netmon import sdk
from netmon.config.sources import Catalogue
from netmon.config.watch import DEFAULT_COLLECT


class PingSettings(sdk.Settings):
    packets: int = 3
    spacing: sdk.Seconds = 0.1


class PingProbe(sdk.Probe[PingSettings]):
    measurement = "icmp"
    own_metrics = ()
    settings_type = PingSettings

    async def measure(self, _target):
        return sdk.Sample()


class Login(sdk.Settings):
    realm: str = ""


class WebSettings(sdk.Settings):
    port: int = 80
    method: Literal["GET", "HEAD"] = "GET"
    headers: tuple[str, ...] = ()
    login: Login = Login()


class WebProbe(sdk.Probe[WebSettings]):
    measurement = "http"
    own_metrics = ()
    settings_type = WebSettings

    def __init__(self, assignment, settings):
        super().__init__(assignment, settings)
        for target in assignment.targets:
            if not target.startswith(("http://", "https://")):
                raise sdk.UsageError(f"{target} is not a URL")

    async def measure(self, _target):
        return sdk.Sample()


class HostCollector(sdk.Source[sdk.NoSettings]):
    metrics: ClassVar = {}
    settings_type = sdk.NoSettings

    async def read(self):
        return ()


class TableSettings(sdk.Settings):
    rows: int = 100


class DeviceCollector(sdk.Source[TableSettings]):
    metrics: ClassVar = {}
    settings_type = TableSettings

    def __init__(self, assignment, settings):
        super().__init__(assignment, settings)
        self.device = assignment.require_device()

    async def read(self):
        return ()


SOURCES = {
    **dict.fromkeys(DEFAULT_COLLECT, DeviceCollector),
    "dns": PingProbe,
    "host": HostCollector,
    "http": WebProbe,
    "icmp": PingProbe,
}


def fake_catalogue(**sources):
    known = SOURCES | sources
    return Catalogue(tuple(sorted(known)), known.__getitem__)
