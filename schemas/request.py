"""What a user asks of the timeline analysis."""

from __future__ import annotations

from pydantic import Field

from schemas.base import Frozen
from schemas.query import Path, Query
from schemas.window import Window


class TimelineRequest(Frozen):
    """A case to build the timeline of. `window` None means everything the tenant has."""

    case: str = Field(description="A name for the case.")
    window: Window | None = Field(
        default=None, description="From when to when (UTC); without it, everything there is."
    )
    tenant_uid: str = Field(
        default="default", title="Tenant", description="Whose events are looked at."
    )
    entity: str | None = Field(
        default=None, description="Only events that name this host, user or IP address."
    )
    where: str | None = Field(
        default=None, description="Only events that meet this SQL condition over their columns."
    )
    route: Path | None = Field(
        default=None,
        description="direct (one read) or rlm (the tree); without it, the router chooses.",
    )
    rules: tuple[str, ...] = Field(
        default=(),
        description="Sigma rules that were run before, for the record.",
    )
    formats: tuple[str, ...] = Field(
        default=("html", "md", "timesketch", "navigator"), description="Formats of the report."
    )

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
