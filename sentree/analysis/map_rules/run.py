"""Runs the rule-mapping scenario: rule files in, verified result document out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.event import CitedEvent
from schemas.map_rules import MapRulesReport, MapRulesRequest
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import InputFile
from sentree.analysis.map_rules.mapper import load_ground, load_mapper, map_files
from sentree.analysis.map_rules.reading import (
    RuleFile,
    find_rule_files,
    read_rule_file,
    without_doubles,
)
from sentree.analysis.map_rules.summary import summarise
from sentree.analysis.map_rules.tables import layout, scores
from sentree.analysis.map_rules.texts import RuleText
from sentree.analysis.records import Account, cited_record, cited_uids, record_result
from sentree.analysis.scope import new_run_dir
from sentree.errors import UnreadableInputError
from sentree.settings import Settings

READER = "rules"


def run(settings: Settings, request: MapRulesRequest) -> Result:
    """Read the files and map their rules.

    Raises:
        UnreadableInputError: no file holds a rule.
        ConfigurationError: the trained file can't be used.
    """
    files = [read_rule_file(path) for path in find_rule_files(request.paths)]
    return conclude(settings, request, files)


def conclude(
    settings: Settings,
    request: MapRulesRequest,
    files: Sequence[RuleFile],
    run_dir: Path | None = None,
) -> Result:
    """Map the rules of files that were read and make the result document."""
    kept = without_doubles(files)
    refuse_empty(kept)
    report = map_files(load_mapper(load_ground(settings), request.trained), kept, request.top)
    return result_of(
        request, report, kept, run_dir or new_run_dir(settings, request, datetime.now(UTC))
    )


def result_of(
    request: MapRulesRequest,
    report: MapRulesReport,
    files: Sequence[RuleFile],
    run_dir: Path,
) -> Result:
    """Make the result document of a mapping: sections, summary, checked citations."""
    rules = {rule.uid: rule for file in files for rule in file.rules}
    sections, summary = layout(report), summarise(report)
    cited = (rules[uid] for uid in cited_uids(summary, sections) if uid in rules)
    number = len(report.rules)
    return record_result(
        run_dir,
        Scenario.MAP_RULES,
        request.title or f"ATT&CK mapping of {number:,} rule{'' if number == 1 else 's'}",
        request.query,
        summary=summary,
        sections=sections,
        texts={uid: rule.raw for uid, rule in rules.items()},
        records={rule.uid: _record(rule) for rule in cited},
        account=Account(
            len(report.rules) + len(report.rejected), len(report.rules), _not_searched(report)
        ),
        inputs=[
            InputFile(
                path=file.path,
                sha256=file.sha256,
                format=file.format,
                records=len(file.rules),
                rejected=len(file.rejected),
                note="; ".join(f"line {one.line}: {one.reason}" for one in file.rejected[:3]),
            )
            for file in files
        ],
        techniques=scores(report),
        notes=_notes(report),
        data=report,
    )


def refuse_empty(files: Sequence[RuleFile]) -> None:
    """Make sure that there is a rule to map.

    Raises:
        UnreadableInputError: no file holds a rule; the first reason is told.
    """
    if any(file.rules for file in files):
        return
    reasons = [one for file in files for one in file.rejected]
    first = f": {reasons[0].path}:{reasons[0].line}: {reasons[0].reason}" if reasons else ""
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    raise UnreadableInputError(f"no rule could be read in {len(files)} files{first}{more}")


def _record(rule: RuleText) -> CitedEvent:
    by = f" by {rule.author}" if rule.author else ""
    what = f"{rule.kind} rule “{rule.title}”{by}"
    return cited_record(rule.uid, what, rule.raw, rule.path, line=rule.line, reader=READER)


def _not_searched(report: MapRulesReport) -> tuple[str, ...]:
    if not report.rejected:
        return ()
    number = len(report.rejected)
    return (
        f"{number:,} {'document' if number == 1 else 'documents or files'} could not be used and "
        "are listed with their reasons.",
    )


def _notes(report: MapRulesReport) -> list[str]:
    learned = (
        f"The mapper learned from {report.trained_on:,} tagged rules"
        if report.trained_on
        else "The mapper learned from no rules of yours: it compares with ATT&CK's own texts and "
        "a table of cues (tools, commands, keys, events)"
    )
    said = [
        f"{learned}. Techniques are named from a probability of {report.cut:.2f} on, else the "
        "likeliest alone. No language model was used.",
        "Tags, references, ids and file names of the rules were hidden from the mapping. Ids are "
        "those of ATT&CK v19; revoked ones are shown under their successor.",
        "Rules are shown with their authors, as their licences ask.",
        "Contains ATT&CK content, © The MITRE Corporation, reproduced and distributed with its "
        "permission under the ATT&CK terms of use.",
    ]
    if not report.meaning:
        said.append(
            "The optional sentence encoder is not installed: meaning was compared by words alone."
        )
    return said
