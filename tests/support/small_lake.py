"""A lake of a few hundred logins, and a question to it as the command line asks it."""

from __future__ import annotations

import shutil
from pathlib import Path

from schemas.ask import AskRequest
from schemas.query import Path as RoutePath
from schemas.query import Query
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.settings import Settings

MODEL = "claude-opus-4-5"
QUESTION = "Who logs in here?"


def logins(count: int = 200) -> str:
    """Give lines of a server's log, each another."""
    return "".join(
        f"2026-01-{1 + n // 60:02d}T10:{n % 60:02d}:00Z host{n % 3} sshd[{n}]: Accepted password "
        f"for user{n % 7} from 10.0.0.{n % 9} port {2000 + n}\n"
        for n in range(count)
    )


def small_lake(folder: Path, count: int = 200) -> Settings:
    """Make a lake of logins."""
    logs = folder / "logs"
    logs.mkdir(parents=True)
    (logs / "auth.log").write_text(logins(count), encoding="utf-8")
    settings = Settings(home=folder / "home")
    with Lake.open(settings) as lake:
        ingest(lake, [logs], settings=settings, tenant=settings.tenant)
    return settings


def asked(text: str = QUESTION, **more: object) -> AskRequest:
    """Give a request for the agent path."""
    values = {"route": RoutePath.RLM, "model": MODEL, **more}
    return AskRequest(query=Query(text=text), **values)


def words(
    settings: Settings, url: str, *more: str, question: str = QUESTION, route: str = "rlm"
) -> list[str]:
    """Give the command that asks the agent, in threads, of the server at `url`."""
    return [
        "ask", question, "--route", route, "--executor", "local", "--model", MODEL,
        "--base-url", url, "--home", str(settings.home), *more,
    ]  # fmt: skip


def run_folders(settings: Settings) -> list[Path]:
    """Give the folders of all runs, the oldest first."""
    return sorted(settings.runs_dir.iterdir()) if settings.runs_dir.is_dir() else []


def without_runs(settings: Settings) -> None:
    """Forget all runs and all that models answered."""
    shutil.rmtree(settings.runs_dir, ignore_errors=True)
    for path in settings.home.glob("calls.sqlite*"):
        path.unlink()
