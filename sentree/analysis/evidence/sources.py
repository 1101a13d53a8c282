"""Reads evidence: files of findings, checks, assessments, documents; or the lake's findings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocsf.classes import class_name
from schemas.control import Control
from schemas.evidence import EvidenceRecord
from schemas.section import InputFile
from sentree.analysis.evidence.assessments import is_assessment, read_assessment
from sentree.analysis.evidence.documents import document_records
from sentree.analysis.evidence.findings import FINDING_CLASSES, read_finding
from sentree.errors import UnreadableInputError
from sentree.lake.context import Context
from sentree.lake.json_values import ValueSplitter
from sentree.lake.readers import BrokenStreamError, ByteSource, NotTextError, find_inputs, peeked

WRAPPERS = frozenset({"Findings", "findings", "results", "Records"})
HEAD = 4_096
NAMED_REASONS = 3
MOST_CLASSES = 100


@dataclass(slots=True)
class Evidence:
    """What was read: records with their raw text, and the account of every file."""

    records: list[EvidenceRecord] = field(default_factory=list[EvidenceRecord])
    raw: dict[str, str] = field(default_factory=dict[str, str])
    files: list[InputFile] = field(default_factory=list[InputFile])
    rejected: int = 0
    duplicates: int = 0
    snapshot_id: int = 0
    in_lake: bool = False

    def add(self, record: EvidenceRecord, raw: str) -> bool:
        """Take a record unless it was delivered before."""
        if record.record_uid in self.raw:
            self.duplicates += 1
            return False
        self.raw[record.record_uid] = raw
        self.records.append(record)
        return True


def read_files(paths: Sequence[str], controls: Sequence[Control]) -> Evidence:
    """Read files, folders and globs; controls are needed to know them by id in documents.

    Raises:
        UnreadableInputError: no record could be read from any of them.
    """
    found = Evidence()
    for one in find_inputs(list(paths)):
        if one.error:
            found.files.append(_unread(one.path, one.error))
        else:
            found.files.append(_read_file(one.path, controls, found))
    if not found.records:
        first = next((file.note for file in found.files if file.note), "it is empty")
        raise UnreadableInputError(f"no evidence in {', '.join(paths[:3])}: {first}")
    return found


def read_lake(context: Context, snapshot_id: int) -> Evidence:
    """Read the findings in a slice of the lake, and one record a class for what else it has."""
    found = Evidence(snapshot_id=snapshot_id, in_lake=True)
    wanted = ", ".join(str(number) for number in sorted(FINDING_CLASSES))
    rows = context.query(
        f"SELECT event_uid, event, raw FROM events WHERE class_uid IN ({wanted}) ORDER BY event_uid"
    )
    for row in rows:
        try:
            body = json.loads(row["event"])
        except (ValueError, RecursionError):
            found.rejected += 1
            continue
        record = read_finding(body, "lake", 0, row["event_uid"])
        if isinstance(record, str):
            found.rejected += 1
        else:
            found.add(record, row["raw"] or row["event"])
    for record in _recorded(context):
        found.add(record, record.detail)
    return found


def _recorded(context: Context) -> Iterator[EvidenceRecord]:
    """Give a record per class of events: that they are there shows that activity is recorded."""
    rows = context.query(
        "SELECT class_uid, count(*) AS n, max(time) AS newest, "
        "arg_max(event_uid, (time, event_uid)) AS event_uid FROM events "
        "WHERE class_uid NOT BETWEEN 2000 AND 2999 AND class_uid <> 0 AND time IS NOT NULL "
        f"GROUP BY class_uid ORDER BY class_uid LIMIT {MOST_CLASSES}"
    )
    for row in rows:
        name = class_name(row["class_uid"])
        yield EvidenceRecord(
            record_uid=row["event_uid"],
            kind="events",
            check=f"events_{row['class_uid']}_logging_enabled",
            title=f"{name} events are recorded in the audit log",
            text=f"{name} events of systems are logged with time, source and outcome.",
            topics=("logging", "forensics-ready"),
            detail=f"{row['n']:,} {name} events in the lake",
            time=row["newest"],
            source="lake",
        )


def _read_file(path: str, controls: Sequence[Control], found: Evidence) -> InputFile:
    source = ByteSource(path)
    before, rejected = len(found.records), 0
    reasons: dict[str, int] = {}
    kind = "JSON"
    try:
        head, blocks = peeked(source.blocks(), HEAD)
        if head.lstrip()[:1] in (b"{", b"["):
            for body, text, line, reason in _values(blocks):
                why = reason or _take(body, text, path, line, found)
                if why:
                    rejected += 1
                    reasons[why] = reasons.get(why, 0) + 1
        elif head:
            kind = "text"
            for record in document_records(path, controls):
                found.add(record, record.text)
    except (BrokenStreamError, NotTextError) as error:
        reasons[str(error)] = 1
        rejected += 1
    except OSError as error:
        reasons[error.strerror or "it can't be read"] = 1
        rejected += 1
    if kind == "text" and len(found.records) == before:
        reasons["no text in it"] = 1
    found.rejected += rejected
    told = sorted(reasons.items(), key=lambda one: -one[1])[:NAMED_REASONS]
    return InputFile(
        path=path,
        sha256=source.sha256,
        format=kind,
        records=len(found.records) - before,
        rejected=rejected,
        note="; ".join(f"{count:,} x {reason}" for reason, count in told),
    )


def _values(blocks: Iterator[bytes]) -> Iterator[tuple[Any, str, int, str]]:
    splitter = ValueSplitter(WRAPPERS)

    def pieces() -> Iterator[Any]:
        for block in blocks:
            yield from splitter.feed(block)
        yield from splitter.finish()

    for value in pieces():
        text = value.text.decode("utf-8", "replace")
        if value.reason:
            yield None, text, value.line, value.reason
            continue
        try:
            body = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield None, text, value.line, f"no JSON: {str(error).partition(':')[0]}"
        else:
            yield body, text, value.line, ""


def _take(body: Any, text: str, path: str, line: int, found: Evidence) -> str:
    if is_assessment(body):
        taken = [found.add(one, text) for one in read_assessment(body, path)]
        return "" if taken else "assessment results without a finding"
    if not isinstance(body, dict):
        return "no JSON object"
    record = read_finding(body, path, line)
    if isinstance(record, str):
        return record
    found.add(record, text)
    return ""


def _unread(path: str, reason: str) -> InputFile:
    return InputFile(path=path, sha256="", format="", records=0, rejected=1, note=reason)
