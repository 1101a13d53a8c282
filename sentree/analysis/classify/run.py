"""Runs the classification: files in, a class and a reason for every record out."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ocsf.classes import category_name, category_uid, class_name
from ocsf.mappers import MAPPERS
from schemas.classify import (
    ClassCount,
    ClassifiedRecord,
    ClassifyReport,
    ClassifyRequest,
    UnknownCount,
    UnusedLine,
)
from schemas.event import CitedEvent
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import InputFile
from sentree.analysis.classify.guess import told
from sentree.analysis.classify.tables import sections, summarise, title
from sentree.analysis.records import Account, cited_record, record_result
from sentree.analysis.scope import new_run_dir
from sentree.errors import UnreadableInputError, UsageError
from sentree.lake.classified import Classified, Classifier
from sentree.lake.readers import ByteSource, NotTextError, find_inputs
from sentree.lake.records import Reject
from sentree.settings import Settings

LINES_NAME = "classes.jsonl"
MAX_FIRST = 2_000
MAX_EXAMPLES = 5
MAX_UNUSED = 200
MAX_REASONS = 200
OTHER_REASONS = "of further kinds, none of a known format"


@dataclass(slots=True)
class _Account:
    """What is gathered while records pass by; memory does not grow with them."""

    records: int = 0
    unused: int = 0
    guessed: dict[str, None] = field(default_factory=dict[str, None])
    guesses: int = 0
    classes: Counter[int] = field(default_factory=Counter[int])
    formats: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set[str]))
    examples: dict[int, dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict[str, None])
    )
    reasons: Counter[str] = field(default_factory=Counter[str])
    unknown: dict[str, dict[str, None]] = field(
        default_factory=lambda: defaultdict(dict[str, None])
    )
    first: list[ClassifiedRecord] = field(default_factory=list[ClassifiedRecord])
    unused_lines: list[UnusedLine] = field(default_factory=list[UnusedLine])
    cited: dict[str, CitedEvent] = field(default_factory=dict[str, CitedEvent])
    inputs: list[InputFile] = field(default_factory=list[InputFile])


def run(settings: Settings, request: ClassifyRequest) -> Result:
    """Classify the records of the files; writes `classes.jsonl` beside the result.

    Raises:
        UsageError: the named format does not exist.
        UnreadableInputError: no file holds a record.
    """
    if request.as_format != "auto" and request.as_format not in MAPPERS:
        raise UsageError(
            f"--as {request.as_format}: no such format; there are: auto, {', '.join(MAPPERS)}"
        )
    run_dir = new_run_dir(settings, request, datetime.now(UTC))
    account = _Account()
    with (run_dir / LINES_NAME).open("w", encoding="utf-8") as out:
        for record in _classified(settings, request, account):
            out.write(json.dumps(record.model_dump(mode="json")) + "\n")
    if not account.records:
        first = account.inputs[0] if account.inputs else None
        lines = account.unused_lines
        reason = (first.note if first else "") or (lines[0].reason if lines else "is empty")
        where = first.path if first else ", ".join(request.paths)
        raise UnreadableInputError(f"no record could be read: {where}: {reason}")
    return conclude(request, account, run_dir)


def classify_records(
    settings: Settings, paths: Iterable[str], as_format: str = "auto", *, guess: bool = True
) -> Iterator[ClassifiedRecord]:
    """Give every record of some files with its class and reason, in the order they stand there."""
    request = ClassifyRequest(paths=tuple(paths), as_format=as_format, guess=guess)
    return _classified(settings, request, _Account())


def conclude(request: ClassifyRequest, account: _Account, run_dir: Path) -> Result:
    """Make the result document: counts, what is unknown, the first records."""
    report = _report(account)
    return record_result(
        run_dir,
        Scenario.CLASSIFY,
        request.title or title(report),
        request.query,
        summary=summarise(report),
        sections=sections(report),
        texts={uid: each.raw for uid, each in account.cited.items()},
        records=account.cited,
        account=Account(
            account.records + account.unused,
            account.records,
            (f"{account.unused:,} lines are no record; see what was not used.",)
            if account.unused
            else (),
        ),
        inputs=account.inputs,
        notes=(
            f"Every record with its class and reason is in {LINES_NAME} beside this result.",
            "Classes come from the rules of known formats, by what the record itself names. A "
            "record of no known format gets its class from a trained classifier, with a "
            "probability; where that is low, it stays Base Event (class 0).",
        ),
        data=report,
    )


def _classified(
    settings: Settings, request: ClassifyRequest, account: _Account
) -> Iterator[ClassifiedRecord]:
    with Classifier(settings, request.as_format) as classifier:
        for given in find_inputs(request.paths):
            source = ByteSource(given.path)
            before, unused, note = account.records, account.unused, given.error or ""
            try:
                for one in classifier.read(source) if not note else ():
                    if isinstance(one, Reject):
                        _count_unused(account, given.path, one)
                    else:
                        yield _count(account, given.path, one, guess=request.guess)
            except NotTextError as error:
                note = str(error)
            except OSError as error:
                note = (error.strerror or str(error)).lower()
            read, left = account.records - before, account.unused - unused
            account.inputs.append(_input(source, request, read, left, note))


def _count(account: _Account, path: str, one: Classified, *, guess: bool) -> ClassifiedRecord:
    uid, reason, probability = told(one, guess=guess)
    category = category_uid(uid)
    record = ClassifiedRecord(
        file=path,
        line=one.line,
        record_uid=one.uid,
        category_uid=category,
        category_name=category_name(category),
        class_uid=uid,
        class_name=class_name(uid),
        format=one.mapper,
        reason=reason,
        probability=probability,
    )
    account.records += 1
    account.classes[uid] += 1
    account.formats[uid].add(one.mapper)
    listed = [account.examples[uid]]
    if probability is not None:
        account.guesses += 1
        listed.append(account.guessed)
    if not uid:
        if reason not in account.reasons and len(account.reasons) >= MAX_REASONS:
            reason = OTHER_REASONS
        account.reasons[reason] += 1
        listed.append(account.unknown[reason])
    if len(account.first) < MAX_FIRST:
        account.first.append(record)
    for examples in listed:
        if len(examples) < MAX_EXAMPLES:
            examples[one.uid] = None
    if any(one.uid in examples for examples in listed) and one.uid not in account.cited:
        account.cited[one.uid] = cited_record(
            one.uid,
            f"record of format {one.mapper}",
            one.raw,
            path,
            line=one.line,
            reader=one.mapper,
        )
    return record


def _count_unused(account: _Account, path: str, one: Reject) -> None:
    account.unused += 1
    if len(account.unused_lines) < MAX_UNUSED:
        account.unused_lines.append(UnusedLine(file=path, line=one.line, reason=one.reason))


def _input(
    source: ByteSource, request: ClassifyRequest, records: int, rejected: int, note: str
) -> InputFile:
    return InputFile(
        path=source.path,
        sha256=source.sha256,
        format=request.as_format,
        records=records,
        rejected=rejected,
        note=note,
    )


def _report(account: _Account) -> ClassifyReport:
    return ClassifyReport(
        files=len(account.inputs),
        records=account.records,
        unknown=account.classes.get(0, 0),
        unused=account.unused,
        guessed=account.guesses,
        guessed_examples=tuple(account.guessed),
        classes=tuple(
            ClassCount(
                class_uid=uid,
                class_name=class_name(uid),
                category_uid=category_uid(uid),
                category_name=category_name(category_uid(uid)),
                records=count,
                formats=tuple(sorted(account.formats[uid])),
                examples=tuple(account.examples[uid]),
            )
            for uid, count in sorted(account.classes.items(), key=lambda each: (-each[1], each[0]))
        ),
        unknown_reasons=tuple(
            UnknownCount(reason=reason, records=count, examples=tuple(account.unknown[reason]))
            for reason, count in sorted(
                account.reasons.items(), key=lambda each: (-each[1], each[0])
            )
        ),
        unused_lines=tuple(account.unused_lines),
        first=tuple(account.first),
    )
