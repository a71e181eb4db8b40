"""What the appliance's own configuration says of its site, for reports beside it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from netmon.config import Options, default_path, load
from netmon.errors import ConfigError
from netmon.evidence.inputs.sites import SiteRow


def own_site(config: Path | None, environ: Mapping[str, str]) -> SiteRow | None:
    """Return the site as configured; None without a file. A file that is wrong is told, and left aside."""
    try:
        path = default_path(config)
        if path is None:
            return None
        site = load(path, environ, Options(secrets=False, unsupported=True)).configuration.site
    except ConfigError as error:
        sys.stderr.write(f"netmon: the configuration is left aside: {error.mistakes[0]}\n")
        return None
    return SiteRow.model_construct(
        site=site.id,
        name=site.name,
        uprn=site.uprn or "",
        timezone=site.timezone,
        service_hours=site.service_hours,
        users=site.users,
    )
