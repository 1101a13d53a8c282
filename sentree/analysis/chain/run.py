"""Runs the chain scenario: accounts in, verified result document out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from schemas.chain import AccountStep, ChainLeaf, ChainReport, ChainRequest, ProseChain
from schemas.event import CitedEvent
from schemas.query import Scenario
from schemas.result import Result
from schemas.section import TechniqueScore
from sentree.analysis.chain.build import build_chain
from sentree.analysis.chain.label import label_steps
from sentree.analysis.chain.merge import read_guesses, read_links
from sentree.analysis.chain.sources import SourceFile, find_files, read_source
from sentree.analysis.chain.suggest import TechniqueWords
from sentree.analysis.chain.summary import summarise
from sentree.analysis.chain.tables import sections
from sentree.analysis.records import Account, cited_record, cited_uids, record_result
from sentree.analysis.scope import new_run_dir
from sentree.errors import UnreadableInputError
from sentree.settings import Settings

MAX_COMMENT = 240


def run(settings: Settings, request: ChainRequest) -> Result:
    """Read the accounts and give their chains.

    Raises:
        UnreadableInputError: no file holds a step.
    """
    files = [read_source(path) for path in find_files(request.paths)]
    refuse_empty(files)
    return conclude(request, files, new_run_dir(settings, request, datetime.now(UTC)))


def refuse_empty(files: Sequence[SourceFile]) -> None:
    """Make sure that there is a step.

    Raises:
        UnreadableInputError: no file holds a step; the first reason is told.
    """
    if any(account.steps for file in files for account in file.accounts):
        return
    first = files[0]
    reason = first.rejected[0] if first.rejected else None
    where = f"{first.path}:{reason.line}" if reason and reason.line else first.path
    more = f" (and {len(files) - 1} more files)" if len(files) > 1 else ""
    raise UnreadableInputError(
        f"no step could be read: {where}: {reason.reason if reason else 'is empty'}{more}"
    )


def read_report(
    files: Iterable[SourceFile],
    request: ChainRequest,
    leaf: ChainLeaf | None = None,
    home: Path | None = None,
) -> ChainReport:
    """Give the chain of every account; `leaf` is what a language model read, if one did."""
    words = TechniqueWords(request.examples, home)
    chains: list[ProseChain] = []
    listed = list(files)
    for file in listed:
        for account in file.accounts:
            guesses = label_steps(account.steps, words, blind=request.blind)
            if leaf:
                guesses = read_guesses(leaf, account.steps, guesses)
            chains.append(
                build_chain(
                    account,
                    guesses,
                    request.order,
                    blind=request.blind,
                    read_links=read_links(leaf, account.steps) if leaf else (),
                )
            )
    return ChainReport(
        chains=tuple(chains), rejected=tuple(one for file in listed for one in file.rejected)
    )


def conclude(
    request: ChainRequest,
    files: Sequence[SourceFile],
    run_dir: Path,
    created_at: datetime | None = None,
    leaf: ChainLeaf | None = None,
) -> Result:
    """Make the result document: chains, sections, summary, checked citations."""
    # A run's folder is two below home, where what outlives runs is kept.
    report = read_report(files, request, leaf, run_dir.parent.parent)
    steps = {step.step_uid: step for file in files for one in file.accounts for step in one.steps}
    laid_out = sections(report)
    summary = summarise(report, steps)
    rejected = len(report.rejected)
    return record_result(
        run_dir,
        Scenario.CHAIN,
        request.title or _title(report),
        request.query,
        summary=summary,
        sections=laid_out,
        texts={uid: f"{one.raw}\n{one.name}\n{one.description}" for uid, one in steps.items()},
        records=_records(steps, cited_uids(summary, laid_out)),
        account=Account(
            len(steps) + rejected,
            len(steps),
            (f"{rejected:,} {'part' if rejected == 1 else 'parts'} could not be used.",)
            if rejected
            else (),
        ),
        inputs=[file.account_of for file in files],
        techniques=scores(report),
        notes=_notes(report),
        data=report,
        created_at=created_at,
    )


def scores(report: ChainReport) -> tuple[TechniqueScore, ...]:
    """Score each technique by the probability of the step that is likeliest it."""
    found: dict[str, TechniqueScore] = {}
    for chain in report.chains:
        for step in chain.steps:
            if not step.guesses:
                continue
            best = step.guesses[0]
            known = found.get(best.technique)
            score = max(best.probability, known.score if known else 0.0)
            places = f"step {step.position} of {chain.name}"
            said = f"{known.comment}; {places}" if known else places
            found[best.technique] = TechniqueScore(
                technique=best.technique,
                score=score,
                evidence=(*(known.evidence if known else ()), step.step_uid),
                comment=said[:MAX_COMMENT],
            )
    return tuple(found[uid] for uid in sorted(found))


def _records(steps: Mapping[str, AccountStep], uids: Iterable[str]) -> dict[str, CitedEvent]:
    return {
        uid: cited_record(
            uid,
            "step of an account",
            steps[uid].raw,
            steps[uid].file,
            line=steps[uid].line,
            time=steps[uid].time,
            reader="chain",
        )
        for uid in uids
        if uid in steps
    }


def _title(report: ChainReport) -> str:
    told = [one for one in report.chains if one.steps]
    if len(told) == 1:
        return f"Chain of {told[0].name}"
    return f"Chains of {len(told)} accounts"


def _notes(report: ChainReport) -> list[str]:
    said = [
        "No language model read the steps: techniques come from names and words, links from "
        "what is usual and what steps share. Read each as a proposal.",
    ]
    if any(one.order_basis == "inferred" for one in report.chains):
        said.append(
            "An inferred order puts most pairs right and fewer than half of all links: "
            "docs/accuracy.md has the shares. Times or numbers in the text do better."
        )
    return said
