"""The result document on disk, and the table of formats it can be rendered to."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from schemas.query import Scenario
from schemas.result import Result
from schemas.telemetry import RunSummary
from sentree.errors import ConfigurationError, NotFoundError, UnreadableInputError, UsageError
from sentree.lake.telemetry import RUN_NAME
from sentree.report.attack_flow import render_attack_flow
from sentree.report.escape import json_text, terminal
from sentree.report.html import render_html
from sentree.report.markdown import render_markdown
from sentree.report.navigator import render_navigator
from sentree.report.oscal import render_oscal
from sentree.report.spreadsheet import render_csv
from sentree.report.stix import render_stix
from sentree.report.timesketch import render_timesketch

RESULT_NAME = "result.json"
LOG = logging.getLogger("sentree.run")


class Renderer(NamedTuple):
    """A format: its name, what its files end with, and the pure function that writes its text.

    `scenario` names the only scenario whose results it can be made of, if there is one.
    """

    name: str
    suffix: str
    render: Callable[[Result], str]
    scenario: str | None = None


def render_json(result: Result) -> str:
    """Render the whole document as ASCII JSON; loading it again gives an equal result."""
    return json_text(result.model_dump(mode="json"), indent=1) + "\n"


FORMATS: dict[str, Renderer] = {
    renderer.name: renderer
    for renderer in (
        Renderer("html", ".html", render_html),
        Renderer("md", ".md", render_markdown),
        Renderer("json", ".json", render_json),
        Renderer("timesketch", ".timesketch.jsonl", render_timesketch),
        Renderer("navigator", ".navigator.json", render_navigator),
        Renderer("csv", ".csv", render_csv),
        Renderer("stix", ".stix.json", render_stix),
        Renderer("oscal", ".oscal.json", render_oscal, Scenario.EVIDENCE.value),
        Renderer("attack-flow", ".attack-flow.json", render_attack_flow),
    )
}


def formats_of(result: Result) -> tuple[str, ...]:
    """Give the names of the formats that a result can be rendered to."""
    return tuple(one.name for one in FORMATS.values() if one.scenario in (None, result.scenario))


def load_result(path: Path) -> Result:
    """Read a result document; a folder stands for the `result.json` in it.

    Raises:
        NotFoundError: there is no such file.
        UnreadableInputError: the file is no result document of this version.
    """
    file = path / RESULT_NAME if path.is_dir() else path
    try:
        return Result.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise NotFoundError(f"{file}: no such result document") from None
    except OSError as error:
        raise UnreadableInputError(f"{file} can't be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "document"
        raise UnreadableInputError(
            f"{file} is no result document of schema 1.0: {terminal(where)}: {first['msg']}"
        ) from None


def save_result(result: Result, path: Path) -> Path:
    """Write the document so that a reader sees the old file or the new one, never half of it."""
    file = path / RESULT_NAME if path.is_dir() else path
    write_text(file, render_json(result))
    summary = _summary(result)
    if path.is_dir():
        write_text(path / RUN_NAME, summary.model_dump_json(indent=1) + "\n")
    fields = summary.model_dump(include={"run_uid", "scenario", "state"})
    LOG.info("run finished", extra={**fields, "error": result.failure})
    return file


def _summary(result: Result) -> RunSummary:
    return RunSummary(
        run_uid=result.run_uid,
        scenario=result.scenario,
        state="failed" if result.failure else "limited" if result.limit_hit else "done",
        created_at=result.created_at,
        finished_at=datetime.now(UTC),
        analyst=result.analyst.name,
        simulated=result.simulated,
    )


def write_reports(result: Result, formats: Iterable[str], folder: Path) -> list[Path]:
    """Render every format first, then write `report.*` files; gives their paths in order.

    Raises:
        UsageError: a format is unknown; nothing has been written.
        ConfigurationError: the folder can't be written.
    """
    names = list(dict.fromkeys(formats))
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(
            f"unknown format '{terminal(unknown[0])}': choose from {', '.join(FORMATS)}"
        )
    texts = {
        folder / f"report{FORMATS[name].suffix}": FORMATS[name].render(result) for name in names
    }
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)


def save_correlation(
    result: Result, by_tenant: Mapping[str, Result], formats: Iterable[str], runs_dir: Path
) -> None:
    """Write the result that names all tenants, and each tenant's own in a folder of its own."""
    names = tuple(formats)
    run_dir = runs_dir / result.run_uid
    save_result(result, run_dir)
    write_reports(result, names, run_dir)
    for folder, own in by_tenant.items():
        place = run_dir / "tenants" / folder
        place.mkdir(parents=True, exist_ok=True)
        save_result(own, place)
        write_reports(own, names, place)


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all.

    Raises:
        ConfigurationError: it can't be written.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as out:
            # Escaping has spelled out lone surrogates; should one be left, it must not end the run.
            out.write(text.encode("utf-8", errors="backslashreplace"))
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be written: {error.strerror}") from None
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
