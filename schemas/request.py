"""What a user asks of the timeline analysis."""

from __future__ import annotations

from schemas.base import Frozen
from schemas.query import Path, Query
from schemas.window import Window


class TimelineRequest(Frozen):
    """A case to build the timeline of. `window` None means everything the tenant has."""

    case: str
    window: Window | None = None
    tenant_uid: str = "default"
    entity: str | None = None
    where: str | None = None
    route: Path | None = None
    rules: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("html", "md", "timesketch", "navigator")

    @property
    def question(self) -> str:
        """The request in words, as the router reads it."""
        about = f" around {self.entity}" if self.entity else ""
        when = f" between {self.window}" if self.window else ""
        return f"Build the full incident timeline of the case '{self.case}'{about}{when}"

    @property
    def query(self) -> Query:
        """The request as a query."""
        return Query(
            text=self.question,
            window=self.window,
            tenant_uid=self.tenant_uid,
            where=self.where,
            entity=self.entity,
        )
