"""The scope of a run: its folder, its pinned slice of the lake, and the route it takes."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from models.router import Router, RouterError
from schemas.base import Frozen
from schemas.context import ContextInfo
from schemas.query import ContextFacts, Query, RouteDecision
from schemas.query import Path as RoutePath
from sentree.errors import ConfigurationError
from sentree.lake.context import export_context
from sentree.lake.db import Lake
from sentree.settings import Settings


def new_run_dir(settings: Settings, request: Frozen, now: datetime) -> Path:
    """Make the folder of a new run; its name, the run's uid, sorts by time."""
    digest = sha256(request.model_dump_json().encode()).hexdigest()
    for attempt in range(1000):
        name = f"{now:%Y%m%dT%H%M%S}-{sha256(f'{digest}{attempt}'.encode()).hexdigest()[:6]}"
        folder = settings.runs_dir / name
        try:
            folder.mkdir(parents=True)
            (folder / "request.json").write_text(request.model_dump_json(indent=1), "utf-8")
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigurationError(f"run folder {folder} can't be made: {error}") from None
        return folder
    raise ConfigurationError(f"no free run folder under {settings.runs_dir}")


def export_scope(
    settings: Settings, query: Query, run_dir: Path, *, baselines: bool = True
) -> ContextInfo:
    """Export a query's slice of the lake, pinned to the newest snapshot, into the run.

    Only the embedded analyst reads `baselines`; they cost as much as the export itself.
    """
    with Lake.open(settings, create=False) as lake:
        info = export_context(
            lake,
            run_dir,
            tenant=query.tenant_uid,
            window=query.window,
            entity=query.entity,
            where=query.where,
            snapshot_id=None,
            baselines=baselines,
        )
    (run_dir / "scope.json").write_text(info.model_dump_json(indent=1), encoding="utf-8")
    return info


def decide_route(
    query: Query,
    override: RoutePath | None,
    info: ContextInfo,
    leaf_characters: int,
    trained: Path | None = None,
) -> RouteDecision:
    """Let the router decide, with the measured facts of the context.

    Heads that a user trained into the folder `trained` come before the shipped ones.
    """
    facts = ContextFacts(
        events=info.events,
        characters=info.characters,
        partitions=max(1, -(-info.characters // leaf_characters)),
    )
    try:
        router = Router.preferred(trained) if trained else Router.load()
        return router.decide(query, facts, override=override)
    except RouterError as error:
        raise ConfigurationError(f"router: {error}") from None


def store_route(route: RouteDecision, run_dir: Path) -> None:
    """Keep the decision beside the run, with its probabilities and reasons."""
    text = json.dumps(route.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (run_dir / "route.json").write_text(text + "\n", encoding="utf-8")
