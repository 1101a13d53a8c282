"""Reads files as accounts: prose, JSON or JSON lines of steps, Attack Flow in both its forms.

What can't be used is set aside with its place and reason; the rest goes through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from schemas.chain import AccountStep, RejectedStep
from schemas.section import InputFile
from sentree.analysis.chain.prose import (
    FEWEST_LETTERS,
    MAX_STEP_CHARACTERS,
    prose_units,
    stated_time,
    without_ids,
)
from sentree.errors import UnreadableInputError
from sentree.intel.attack_flow import Flow, FlowAction, builder_flow, stated_action, stix_flows
from sentree.intel.stix_scan import Broken, Scanned, scan
from sentree.lake.readers import BrokenStreamError, ByteSource, NotTextError
from sentree.lake.text_files import read_chunks

SUFFIXES = (".md", ".txt", ".json", ".jsonl", ".ndjson", ".afb", ".html", ".htm", ".pdf", ".stix")
MAX_BYTES = 64 << 20
MAX_ACCOUNTS = 2_000

_LINE = re.compile(r"[^\n]*\S[^\n]*")
_STEP_LISTS = ("actions", "steps", "events", "timeline", "procedures")
_LINK_LISTS = ("edges", "links", "transitions")


@dataclass(slots=True)
class Account:
    """What one file, or one object of it, tells of one incident. Links are pairs of step uids.

    `ordered` when its form says that it tells things in their order: numbers, a story.
    """

    name: str
    file: str
    steps: list[AccountStep]
    links: tuple[tuple[str, str], ...] = ()
    ordered: bool = False
    prose: bool = False


@dataclass(slots=True)
class SourceFile:
    """One file: its accounts, what was set aside, and how it was read."""

    path: str
    sha256: str = ""
    format: str = "text"
    accounts: list[Account] = field(default_factory=list[Account])
    rejected: list[RejectedStep] = field(default_factory=list[RejectedStep])
    note: str = ""

    @property
    def account_of(self) -> InputFile:
        """The file as the result document lists it."""
        return InputFile(
            path=self.path,
            sha256=self.sha256,
            format=self.format,
            records=sum(len(one.steps) for one in self.accounts),
            rejected=len(self.rejected),
            note="; ".join(filter(None, (self.note, *(_placed(one) for one in self.rejected[:3])))),
        )


def find_files(paths: Iterable[str]) -> list[str]:
    """List the files that paths, folders and glob patterns name, each once, in order of name.

    Raises:
        UnreadableInputError: a path names nothing.
    """
    found: dict[str, None] = {}
    for path in paths:
        if Path(path).is_dir():
            names = [str(one) for one in Path(path).rglob("*") if one.is_file() and _wanted(one)]
        else:
            names = [path] if Path(path).exists() else glob(path, recursive=True)
            names = [one for one in names if not Path(one).is_dir()]
        if not names:
            raise UnreadableInputError(f"{path}: no such file, or no account in it")
        found.update(dict.fromkeys(sorted(names)))
    return list(found)


def read_source(path: str) -> SourceFile:
    """Read one file; faults are kept in what is given back, none is raised."""
    file = SourceFile(path)
    try:
        if _is_json(path):
            text = _json_text(file)
            _read_json(file, text)
        else:
            chunks = list(read_chunks(path))
            raw = b"".join(one.text for one in chunks)
            if len(raw) > MAX_BYTES:
                _set_aside(file, 0, f"only the first {MAX_BYTES >> 20} MiB were read")
                raw = raw[:MAX_BYTES]
            file.sha256 = sha256(raw).hexdigest()
            _read_text(file, raw.decode("utf-8", errors="replace"))
    except (OSError, NotTextError, BrokenStreamError) as error:
        _set_aside(file, 0, f"can't be read: {getattr(error, 'strerror', None) or error}")
    if not any(one.steps for one in file.accounts) and not file.rejected:
        _set_aside(file, 0, "holds no step")
    return file


def read_prose(text: str, path: str = "text") -> SourceFile:
    """Read prose from a string, as `read_source` does from a file."""
    file = SourceFile(path, sha256(text.encode(errors="replace")).hexdigest())
    _read_text(file, text)
    return file


def _read_text(file: SourceFile, text: str) -> None:
    stripped = text.lstrip("\ufeff \t\r\n")
    # A bracket may begin prose too, as in "[1] The attackers…".
    if re.match(r'\{\s*"|\[\s*[{"\[]|\{\s*\}', stripped):
        _read_json(file, text)
        return
    units, ordered = prose_units(text)
    steps = [
        AccountStep(
            step_uid=_uid(file, number, unit.line),
            name=unit.name,
            description=without_ids(unit.description),
            file=file.path,
            line=unit.line,
            raw=unit.raw,
            technique=unit.technique,
            tactic=unit.tactic,
            time=unit.time,
        )
        for number, unit in enumerate(units, start=1)
    ]
    file.format = "prose"
    account = Account(Path(file.path).name, file.path, steps, ordered=ordered, prose=True)
    file.accounts.append(account)


def _json_text(file: SourceFile) -> str:
    raw = b"".join(ByteSource(file.path).blocks())
    if len(raw) > MAX_BYTES:
        raise NotTextError(f"larger than {MAX_BYTES >> 20} MiB")
    file.sha256 = sha256(raw).hexdigest()
    return raw.decode("utf-8-sig", errors="replace")


def _read_json(file: SourceFile, text: str) -> None:
    """Read any JSON: one document, or values one after the other."""
    file.format = "JSON"
    document = _whole(text)
    flow = builder_flow(document) if document else None
    if flow:
        file.format = "Attack Flow Builder"
        _add_flow(file, text, flow)
        return
    if document and (listed := _step_list(document)):
        _add_steps(file, text, document, listed)
        return
    values = _by_line(text) or [one for one in scan(text)]
    for one in values:
        if isinstance(one, Broken):
            _set_aside(file, _line(text, one.start), one.reason)
    found = [one for one in values if isinstance(one, Scanned)]
    objects = [cast(dict[str, Any], one.value) for one in found if isinstance(one.value, dict)]
    if flows := stix_flows(objects):
        file.format = "Attack Flow STIX"
        for one in flows:
            _add_flow(file, text, one)
        return
    loose: list[Scanned] = []
    for one in found:
        inner = _step_list(one.value) if isinstance(one.value, dict) else None
        if inner:
            _add_steps(file, text, cast(dict[str, Any], one.value), inner, one.start)
        else:
            loose.append(one)
    if loose:
        actions: list[tuple[FlowAction, int, str]] = []
        for number, one in enumerate(loose, start=1):
            action = _action(one.value, f"step-{number}")
            place = _line(text, one.start)
            if action is None:
                _set_aside(file, place, "has neither a name nor a description of a step")
            else:
                actions.append((action, place, text[one.start : one.end]))
        _add_account(file, Path(file.path).name, actions, ())


def _whole(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def _by_line(text: str) -> list[Scanned | Broken]:
    """Read JSON lines, so that a broken line costs only itself; nothing when it is no such text."""
    lines = list(_LINE.finditer(text))
    if len(lines) < 2 or not any(_value(one.group()) for one in lines[:3]):
        return []
    found: list[Scanned | Broken] = []
    for one in lines:
        value = _value(one.group())
        if value is None:
            found.append(Broken(one.start(), "is no JSON value"))
        else:
            found.append(Scanned(value, one.start(), one.end()))
    return found


def _value(line: str) -> Any:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | str) else None


def _step_list(document: Mapping[str, Any]) -> list[Any] | None:
    for key in _STEP_LISTS:
        listed = document.get(key)
        if isinstance(listed, list) and listed:
            return cast(list[Any], listed)
    return None


def _add_steps(
    file: SourceFile, text: str, document: Mapping[str, Any], listed: Sequence[Any], start: int = 0
) -> None:
    actions: list[tuple[FlowAction, int, str]] = []
    at = start
    for number, one in enumerate(listed, start=1):
        action = _action(one, f"step-{number}")
        key = json.dumps(action.description or action.name)[1:-1] if action else ""
        found = text.find(key, at) if key else -1
        at = found if found >= 0 else at
        line = _line(text, at)
        if action is None:
            _set_aside(file, line, "has neither a name nor a description of a step")
        else:
            actions.append((action, line, json.dumps(one, ensure_ascii=False)))
    links = [
        (str(pair[0]), str(pair[1]))
        for key in _LINK_LISTS
        for pair in _pairs(document.get(key))
        if len(pair) == 2
    ]
    name = document.get("name") or document.get("title")
    _add_account(file, str(name or Path(file.path).name), actions, links)


def _add_flow(file: SourceFile, text: str, flow: Flow) -> None:
    actions: list[tuple[FlowAction, int, str]] = []
    for one in flow.actions:
        place = max(text.find(f'"{one.uid}"'), 0)
        fields = {"name": one.name, "description": one.description, "technique": one.technique}
        actions.append((one, _line(text, place), json.dumps(fields, ensure_ascii=False)))
    _add_account(file, flow.name or Path(file.path).name, actions, flow.links)


def _add_account(
    file: SourceFile,
    name: str,
    actions: Sequence[tuple[FlowAction, int, str]],
    links: Iterable[tuple[str, str]],
) -> None:
    if len(file.accounts) >= MAX_ACCOUNTS:
        _set_aside(file, 0, f"account '{name[:60]}': only {MAX_ACCOUNTS:,} accounts are read")
        return
    uids: dict[str, str] = {}
    steps: list[AccountStep] = []
    for action, line, raw in actions:
        texts = without_ids(action.name), without_ids(action.description)
        if sum(character.isalpha() for text in texts for character in text) < FEWEST_LETTERS // 2:
            _set_aside(file, line, "has too little text to be a step")
            continue
        uid = _uid(file, len(file.accounts) * 100_000 + len(steps) + 1, line)
        uids[action.uid] = uid
        steps.append(
            AccountStep(
                step_uid=uid,
                name=texts[0],
                description=texts[1][:MAX_STEP_CHARACTERS],
                file=file.path,
                line=line,
                raw=raw,
                technique=action.technique,
                tactic=action.tactic,
                time=action.time or stated_time(action.description),
            )
        )
    known = {(uids[one], uids[other]) for one, other in links if one in uids and other in uids}
    kept = tuple(sorted(pair for pair in known if pair[0] != pair[1]))
    file.accounts.append(Account(name, file.path, steps, kept))


def _action(value: object, uid: str) -> FlowAction | None:
    if isinstance(value, str):
        return FlowAction(uid, "", value.strip(), None, None, None) if value.strip() else None
    if not isinstance(value, dict):
        return None
    body = cast(dict[str, Any], value)
    own = next((body[key] for key in ("id", "uid", "step_uid", "instance") if key in body), uid)
    action = stated_action(str(own), body)
    return action if action.name or action.description else None


def _pairs(value: object) -> list[list[Any]]:
    if not isinstance(value, list):
        return []
    return [cast(list[Any], one) for one in cast(list[Any], value) if isinstance(one, list)]


def _uid(file: SourceFile, number: int, line: int) -> str:
    digest = sha256(f"{file.sha256}\n{number}\n{line}".encode()).hexdigest()[:10]
    return f"step-{digest}"


def _is_json(path: str) -> bool:
    name = path.lower().removesuffix(".gz").removesuffix(".zst")
    return name.endswith((".json", ".jsonl", ".ndjson", ".afb", ".stix"))


def _wanted(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(SUFFIXES)


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _set_aside(file: SourceFile, line: int, reason: str) -> None:
    file.rejected.append(RejectedStep(file=file.path, line=line, reason=reason[:300]))


def _placed(one: RejectedStep) -> str:
    return f"line {one.line}: {one.reason}" if one.line else one.reason
