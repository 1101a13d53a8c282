"""Which model answers a question: Claude or a server like it, or a recording; and recordings."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import ValidationError

from schemas.ask import AskRequest
from schemas.base import Frozen
from schemas.budget import Caps
from schemas.calls import StoredCall
from schemas.model import Model
from sentree.analysis.redaction import redaction_policy
from sentree.errors import ConfigurationError
from sentree.settings import Settings

SCRIPTED = "scripted:"
RECORDING = "calls.jsonl"
REPLAYED = (
    "model", "leaf_model", "turns", "max_tokens", "leaf_characters", "direct_characters",
    "thinking_tokens",
)  # fmt: skip


class RecordingHead(Frozen):
    """The first line of a recording: what decides the requests that its answers belong to.

    `marker` stood around the data; it is of that question and context alone.
    """

    asked: AskRequest
    marker: str


class Replay(Frozen):
    """A request as the recording needs it asked, to give the same calls again."""

    request: AskRequest
    marker: str | None = None


class Chosen(Protocol):
    """What names a model: a question, or how a scenario's records are to be read."""

    @property
    def model(self) -> str:
        """The model's name, or `scripted:FILE`."""
        ...

    @property
    def leaf_model(self) -> str | None:
        """The model that reads parts, where it is another one."""
        ...

    @property
    def caps(self) -> Caps:
        """What may be spent."""
        ...


def open_model(settings: Settings, request: Chosen, *, counting: bool = True) -> Model:
    """Open the model that a request names.

    Raises:
        ConfigurationError: no key, no price for a cap in dollars, no such recording, or a wrong
            redaction policy.
    """
    # A policy that can't be read is told before anything is exported.
    redaction_policy(settings)
    if request.model.startswith(SCRIPTED):
        from models.scripted import ScriptedModel

        return ScriptedModel.from_file(recording_path(request))
    from models.claude import ClaudeModel
    from models.prices import load_prices

    book = load_prices(settings.prices)
    book.require((request.model, request.leaf_model or request.model), request.caps)
    return ClaudeModel(
        api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        base_url=settings.base_url,
        prices=book,
        streaming=settings.stream,
        counting=counting,
    )


def replay_of(request: AskRequest) -> Replay:
    """Give a request as it is to be asked: of a recording, with the recorded settings.

    Raises:
        ConfigurationError: the recording can't be read.
    """
    if not request.model.startswith(SCRIPTED):
        return Replay(request=request)
    path = recording_path(request)
    try:
        with path.open(encoding="utf-8") as lines:
            first: object = json.loads(lines.readline() or "null")
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"recording {path} can't be read: {error}") from None
    line = cast("dict[str, Any]", first) if isinstance(first, dict) else {}
    try:
        head = RecordingHead.model_validate(line)
    except ValidationError:
        # A recording of calls alone: the name of the model that answered is all it tells.
        name = line.get("reply", {}).get("model") if isinstance(line.get("reply"), dict) else None
        return Replay(request=request.model_copy(update={"model": str(name or "scripted")}))
    asked = head.asked
    update: dict[str, Any] = {name: getattr(asked, name) for name in REPLAYED}
    update["caps"] = request.caps.model_copy(update={"depth": asked.caps.depth})
    return Replay(request=request.model_copy(update=update), marker=head.marker)


def write_recording(path: Path, head: RecordingHead, calls: Iterable[StoredCall]) -> None:
    """Keep a run's calls, so that `--model scripted:FILE` gives its answer again."""
    with path.open("w", encoding="utf-8") as file:
        file.write(head.model_dump_json() + "\n")
        for call in calls:
            # Escaped: a log, and so an answer, can hold lone surrogates.
            file.write(json.dumps(call.model_dump(mode="python")) + "\n")


def recording_path(request: Chosen) -> Path:
    """Give the file that `scripted:FILE` names."""
    return Path(request.model.removeprefix(SCRIPTED)).expanduser()
