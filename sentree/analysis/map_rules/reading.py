"""Finds and reads rule files of every format; what can't be used is set aside with its reason."""

from __future__ import annotations

import glob
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from schemas.map_rules import RejectedRule, RuleKind
from sentree.analysis.map_rules.texts import (
    Parts,
    RuleText,
    judged_text,
    plain_parts,
    rule_parts,
)
from sentree.errors import UnreadableInputError
from sentree.rules.documents import Document, Unreadable, read_content, read_documents

PLAIN: Mapping[str, RuleKind] = {
    ".spl": "splunk",
    ".kql": "sentinel",
    ".csl": "sentinel",
    ".kusto": "sentinel",
    ".eql": "elastic",
    ".esql": "elastic",
    ".sql": "query",
    ".txt": "text",
    ".md": "text",
}
SUFFIXES = frozenset((*PLAIN, ".yml", ".yaml", ".json", ".ndjson", ".toml", ".conf")) - {
    ".txt",
    ".md",
}
"""What is looked for in folders; a file that is named itself may have any ending."""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file: the rules in it, what was set aside, and its hash."""

    path: str
    sha256: str
    format: str
    rules: tuple[RuleText, ...]
    rejected: tuple[RejectedRule, ...]


def find_rule_files(paths: Iterable[str]) -> list[str]:
    """List the files that some paths name, each once, folders searched.

    Raises:
        UnreadableInputError: a path names nothing.
    """
    found: dict[str, None] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            files = sorted(
                str(one)
                for one in path.rglob("*")
                if one.suffix.lower() in SUFFIXES and one.is_file()
            )
        elif path.is_file():
            files = [given]
        else:
            files = sorted(one for one in glob.glob(given, recursive=True) if Path(one).is_file())
        if not files and not path.is_dir():
            raise UnreadableInputError(f"{given}: there is no such file or folder")
        found.update(dict.fromkeys(files))
    return list(found)


def read_rule_file(path: str) -> RuleFile:
    """Read one file; never raises for what it holds."""
    suffix = Path(path).suffix.lower()
    rejected: list[RejectedRule] = []
    rules: list[RuleText] = []
    digest = ""
    try:
        content = read_content(Path(path))
        digest = sha256(content).hexdigest()
        for line, raw, parts in _parts(content, suffix):
            if isinstance(parts, str):
                rejected.append(RejectedRule(path=path, line=line, reason=parts))
            else:
                rules.append(_rule(parts, raw, path, line))
    except Unreadable as error:
        rejected.append(RejectedRule(path=path, line=error.line, reason=error.reason))
    return RuleFile(path, digest, suffix.removeprefix(".") or "text", tuple(rules), tuple(rejected))


def without_doubles(files: Iterable[RuleFile]) -> list[RuleFile]:
    """Keep the first of rules that share an id; the others are set aside."""
    first: dict[str, RuleText] = {}
    kept: list[RuleFile] = []
    for file in files:
        rules: list[RuleText] = []
        rejected = list(file.rejected)
        for rule in file.rules:
            known = first.setdefault(rule.uid, rule)
            if known is rule:
                rules.append(rule)
            else:
                reason = f"rule id {rule.uid} is taken by {known.path}:{known.line}"
                rejected.append(RejectedRule(path=rule.path, line=rule.line, reason=reason))
        kept.append(RuleFile(file.path, file.sha256, file.format, tuple(rules), tuple(rejected)))
    return kept


def _parts(content: bytes, suffix: str) -> Iterator[tuple[int, str, Parts | str]]:
    if suffix in (".yml", ".yaml"):
        yield from _yaml(content)
    elif suffix in (".json", ".ndjson"):
        yield from _json(_decoded(content))
    elif suffix == ".toml":
        text = _decoded(content)
        try:
            yield 1, text, rule_parts(tomllib.loads(text))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise Unreadable(1, f"is not TOML: {error}") from None
    elif suffix == ".conf":
        yield from _savedsearches(_decoded(content))
    else:
        text = _decoded(content)
        yield 1, text, plain_parts(text, PLAIN.get(suffix, "text"))


def _yaml(content: bytes) -> Iterator[tuple[int, str, Parts | str]]:
    documents: list[Document] = []
    broken: Unreadable | None = None
    try:
        for document in read_documents(content):
            documents.append(document)
    except Unreadable as error:
        broken = error
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    ends = [*(document.line - 1 for document in documents[1:]), len(lines)]
    shared: dict[str, Any] = {}
    for document, end in zip(documents, ends, strict=False):
        raw = "\n".join(lines[document.line - 1 : end]).rstrip().removesuffix("---").rstrip()
        value = document.value
        if isinstance(value, list):
            for one in value:
                yield document.line, raw, _checked(one)
        elif isinstance(value, dict) and value.get("action") == "global":
            shared = value
        elif isinstance(value, dict):
            yield document.line, raw, _checked(_merged(shared, value))
        else:
            yield document.line, raw, "is no rule: the document is not a mapping"
    if broken is not None:
        raise broken


def _checked(value: Any) -> Parts | str:
    if not isinstance(value, dict):
        return "is no rule: it is not a mapping"
    return rule_parts({str(key): inner for key, inner in value.items()})


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a document of a collection over what its global document gives to all."""
    found = dict(one)
    for key, value in other.items():
        before = found.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            found[key] = before | value
        else:
            found[key] = value
    return found


def _json(text: str) -> Iterator[tuple[int, str, Parts | str]]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield number, line, _json_line(line)
        return
    if isinstance(values, dict) and isinstance(values.get("resources"), list):
        values = values["resources"]
    for value in values if isinstance(values, list) else [values]:
        yield 1, json.dumps(value, indent=1, ensure_ascii=False), _checked(value)


def _json_line(line: str) -> Parts | str:
    try:
        return _checked(json.loads(line))
    except (ValueError, RecursionError):
        return "is not JSON"


def _savedsearches(text: str) -> Iterator[tuple[int, str, Parts | str]]:
    """Read stanzas of a savedsearches.conf; a backslash at the end continues a line."""
    name, start = "", 0
    values: dict[str, str] = {}
    raw: list[str] = []
    key, going_on = "", False
    for number, line in enumerate(text.splitlines(), start=1):
        if going_on:
            values[key] += "\n" + line.rstrip("\\")
        elif line.startswith("[") and line.rstrip().endswith("]"):
            if name and name != "default":
                yield start, "\n".join(raw), _stanza(name, values)
            name, start, values, raw, key = line.strip()[1:-1], number, {}, [], ""
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            key = key.strip()
            values[key] = value.strip().rstrip("\\")
        going_on = bool(key) and line.rstrip().endswith("\\")
        raw.append(line)
    if name and name != "default":
        yield start, "\n".join(raw), _stanza(name, values)


def _stanza(name: str, values: Mapping[str, str]) -> Parts | str:
    if not values.get("search"):
        return "is no rule: the stanza has no search"
    rule = {
        "name": name,
        "search": values["search"],
        "description": values.get("description")
        or values.get("action.notable.param.rule_description", ""),
        "annotations": values.get("action.correlationsearch.annotations"),
    }
    return rule_parts(rule)


def _rule(parts: Parts, raw: str, path: str, line: int) -> RuleText:
    text = judged_text(parts)
    title, _, _ = text.partition("\n")
    uid = parts.uid or sha256(f"{parts.title}\n{text}".encode(errors="replace")).hexdigest()[:32]
    return RuleText(
        uid=uid,
        title=" ".join(parts.title.split()) or title,
        author=parts.author,
        kind=parts.kind,
        log_source=parts.source,
        text=text,
        own=parts.own,
        raw=raw,
        path=path,
        line=line,
    )


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    if not text.strip("\x00 \t\r\n"):
        raise Unreadable(1, "is empty")
    if "\x00" in text:
        raise Unreadable(text.count("\n", 0, text.index("\x00")) + 1, "is not text")
    return text
