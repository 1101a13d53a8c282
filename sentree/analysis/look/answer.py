"""Makes the result document of a look; it has the shape of every other analysis."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.base import Frozen
from schemas.claim import Claim
from schemas.look import LookRequest
from schemas.query import Query, Scenario
from schemas.result import Result
from schemas.section import InputFile, Section
from sentree.analysis.records import Account, cited_uids, record_result
from sentree.analysis.scope import new_run_dir
from sentree.lake.db import Lake
from sentree.lake.look import LookScope
from sentree.lake.news import cited_news
from sentree.settings import Settings


def answer(
    lake: Lake,
    settings: Settings,
    request: LookRequest,
    scenario: Scenario,
    scope: LookScope,
    *,
    question: str,
    title: str,
    summary: Sequence[Claim],
    sections: Sequence[Section],
    account: Account,
    data: Frozen,
    notes: Sequence[str] = (),
    inputs: Sequence[InputFile] = (),
) -> Result:
    """Check what cites and make the document; a folder is made for it if reports were asked for."""
    now = datetime.now(UTC)
    run_dir = (
        new_run_dir(settings, request, now) if request.formats else Path(f"{now:%Y%m%dT%H%M%S}")
    )
    records = cited_news(lake, scope.tenants, scope.snapshot, cited_uids(summary, sections))
    texts = {uid: f"{one.event}\n{one.raw}" for uid, one in records.items()}
    return record_result(
        run_dir,
        scenario,
        title,
        Query(
            text=question,
            window=scope.window,
            tenant_uid=scope.tenants[0] if len(scope.tenants) == 1 else "all",
        ),
        summary=summary,
        sections=sections,
        texts=texts,
        records=records,
        account=account._replace(snapshot_id=scope.snapshot),
        notes=notes,
        inputs=inputs,
        data=data,
        created_at=now,
    )
