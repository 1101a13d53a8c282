"""What a user asks of the timeline analysis."""

from __future__ import annotations

from schemas.base import Frozen
from schemas.query import Path
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


class Scope(Frozen):
    """A request's context, exported and pinned; `run_dir` holds everything the run makes."""

    run_uid: str
    run_dir: str
    context_path: str
    context_hash: str
    snapshot_id: int
    window: Window
    events: int
    characters: int
