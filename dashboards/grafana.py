"""What grafana-foundation-sdk has no type for: InfluxQL, and what data sources add to annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import dashboard


class InfluxQuery(Dataquery):
    """A query in InfluxQL, as Grafana's InfluxDB data source stores it in raw mode."""

    def __init__(self, ref_id: str, query: str, alias: str, *, table: bool) -> None:
        self.ref_id = ref_id
        self.query = query
        self.alias = alias
        self.table = table
        self.datasource: dashboard.DataSourceRef | None = None

    def to_json(self) -> dict[str, object]:
        """Return its JSON."""
        return {
            "refId": self.ref_id,
            "datasource": self.datasource,
            "rawQuery": True,
            "query": self.query,
            "alias": self.alias,
            "resultFormat": "table" if self.table else "time_series",
        }


class Annotation(dashboard.AnnotationQuery):
    """An annotation with what its data source wants beside the query."""

    def __init__(self, extra: Mapping[str, Any], **known: Any) -> None:  # noqa: ANN401 - handed on to the library, which names and types them
        super().__init__(**known)
        self.extra = dict(extra)

    def to_json(self) -> dict[str, object]:
        """Return its JSON."""
        return super().to_json() | self.extra


class Variable(dashboard.VariableModel):
    """A variable without the settings of an interval, which Grafana's types know for intervals only."""

    def to_json(self) -> dict[str, object]:
        """Return its JSON."""
        return {key: value for key, value in super().to_json().items() if not key.startswith("auto")}
