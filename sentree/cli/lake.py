"""Upkeep of the lake: `lake check|compact|expire|retain|forget|export`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common, read_window
from sentree.errors import ExitCode, UsageError

DAYS = {"h": 1 / 24, "d": 1, "w": 7, "y": 365}
FOR_EVER = "forever"


def check(*, repair: bool = False, common: Common = COMMON) -> int:
    """Check the lake: ledger against rows, unique events, readable files, files nobody knows.

    Args:
        repair: Remove files that no table knows (left over from loads that were killed).
        common: Options of every command.
    """
    from sentree.lake.db import Lake
    from sentree.lake.soundness import check as check_lake
    from sentree.report.upkeep_tables import check_table

    with Lake.open(common.settings(), create=False) as lake:
        report = check_lake(lake, repair=repair)
    common.emit(check_table(report), lambda: report.model_dump_json(indent=1))
    return ExitCode.DONE if report.is_sound else ExitCode.CONFIGURATION


def compact(*, common: Common = COMMON) -> int:
    """Merge small files and leave out deleted rows; queries give the same answers.

    Args:
        common: Options of every command.
    """
    from sentree.lake.compact import compact as compact_lake
    from sentree.lake.db import Lake
    from sentree.report.upkeep_tables import compact_table

    with Lake.open(common.settings(), create=False) as lake:
        report = compact_lake(lake)
    common.emit(compact_table(report), lambda: report.model_dump_json(indent=1))
    return ExitCode.DONE


def expire(
    *,
    older_than: str = "7d",
    unpin: bool = False,
    dry_run: bool = False,
    common: Common = COMMON,
) -> int:
    """Remove events beyond their retention, old snapshots, and files that nothing needs.

    Args:
        older_than: End snapshots of that age (12h, 7d, 4w). Runs that name one can't be repeated.
        unpin: End also the snapshots that stored runs name.
        dry_run: Only tell what would be done.
        common: Options of every command.
    """
    from sentree.lake.db import Lake
    from sentree.lake.expire import expire as expire_lake
    from sentree.report.upkeep_tables import expire_table

    settings, age = common.settings(), read_age("--older-than", older_than)
    with Lake.open(settings, create=False) as lake:
        report = expire_lake(
            lake,
            settings.runs_dir,
            older_than=age,
            now=datetime.now(UTC),
            unpin=unpin,
            dry_run=dry_run,
        )
    common.emit(expire_table(report), lambda: report.model_dump_json(indent=1))
    return ExitCode.DONE


def retain(*, keep: str | None = None, common: Common = COMMON) -> int:
    """Say how long a tenant's events are kept; `lake expire` removes those that are older.

    Args:
        keep: How long (30d, 26w, 1y), by the time of the event, or `forever`. Without it, the
            tenants with a limit are listed.
        common: Options of every command.
    """
    import json

    from sentree.lake.db import Lake
    from sentree.lake.retention import rules, set_rule
    from sentree.report.upkeep_tables import retention_table

    settings = common.settings()
    limit = None if keep in (None, FOR_EVER) else read_age("--keep", keep)
    with Lake.open(settings, create=False) as lake:
        if keep is not None:
            set_rule(lake, settings.tenant, limit, datetime.now(UTC))
        found = rules(lake)
    rows = [rule.model_dump(mode="json") for rule in found]
    common.emit(retention_table(found), lambda: json.dumps(rows, indent=1))
    return ExitCode.DONE


def forget(
    *,
    entity: str | None = None,
    yes: bool = False,
    common: Common = COMMON,
) -> int:
    """Remove all records of a tenant or an entity for good; without --yes, only tell which.

    Name --tenant, --entity, or both. Rows, earlier snapshots, files, stored model calls and runs
    that hold any of it go. Let nothing else run meanwhile.

    Args:
        entity: What to forget: user=NAME, host=NAME, ip=ADDRESS or text=ANYTHING.
        yes: Really remove. It can't be undone.
        common: Options of every command.
    """
    from schemas.upkeep import ForgetRequest
    from sentree.lake.db import Lake
    from sentree.lake.entity_pattern import read_entity
    from sentree.lake.forget import forget as forget_all
    from sentree.lake.forget import plan
    from sentree.report.upkeep_tables import forget_table

    if common.tenant is None and entity is None:
        raise UsageError("forget what? name --tenant TENANT, --entity KIND=VALUE, or both")
    request = ForgetRequest(
        tenant_uid=common.tenant, entity=read_entity(entity) if entity is not None else None
    )
    settings = common.settings()
    with Lake.open(settings, create=False) as lake:
        if yes:
            report = forget_all(lake, settings, request, datetime.now(UTC))
        else:
            report = plan(lake, settings, request)
    common.emit(forget_table(report), lambda: report.model_dump_json(indent=1))
    if not yes:
        common.say("nothing was removed; --yes removes it for good")
    return ExitCode.DONE


def export(
    folder: Path,
    *,
    window: str | None = None,
    classes: Annotated[tuple[int, ...], Parameter(name=["--class"])] = (),
    region: str = "local",
    common: Common = COMMON,
) -> int:
    """Write a tenant's events as Parquet in the layout of Amazon Security Lake.

    Args:
        folder: Where to: FOLDER/region=/accountId=/eventDay=/CLASS.parquet.
        window: Only events of START..END (ISO 8601, UTC).
        classes: Only these OCSF classes, by uid.
        region: Name of the region folder.
        common: Options of every command.
    """
    from sentree.lake.db import Lake
    from sentree.lake.security_lake import export as export_events
    from sentree.report.upkeep_tables import export_table

    settings = common.settings()
    with Lake.open(settings, create=False) as lake:
        report = export_events(
            lake,
            folder,
            tenant=settings.tenant,
            window=read_window(window),
            classes=classes,
            region=region,
        )
    common.emit(export_table(report), lambda: report.model_dump_json(indent=1))
    return ExitCode.DONE


def read_age(option: str, text: str | None) -> timedelta:
    """Read a length of time such as 12h, 30d, 26w or 1y.

    Raises:
        UsageError: the text is none.
    """
    match = re.fullmatch(r"(\d{1,5})([hdwy])", (text or "").strip())
    if match is None:
        raise UsageError(f"{option} {text}: write a length of time, e.g. 12h, 30d, 26w, 1y")
    return timedelta(days=int(match[1]) * DAYS[match[2]])
