"""The views of `sentree show` in a terminal: one sentence, one node of the tree, one event.

No log text can write colours or move the cursor: everything passes `escape.terminal`.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence

from schemas.claim import Claim, Evidence
from schemas.result import Result
from schemas.timeline import TimelineEntry
from schemas.trajectory import NodeKind, NodeRecord
from schemas.window import iso
from sentree.errors import NotFoundError
from sentree.report.citations import Citations, number_citations
from sentree.report.escape import terminal
from sentree.report.figures import milliseconds, plural
from sentree.report.terminal_text import WIDTH, block, one_line
from sentree.report.tree import TreeNode, build_tree

MAX_NODES = 1_000


def claim_view(result: Result, claim: str, width: int = WIDTH) -> str:
    """Show one sentence or timeline entry with its evidence.

    `claim` is the number or uid of a sentence, or the uid (or its start) of a timeline entry.

    Raises:
        NotFoundError: there is none, or several.
    """
    citations = number_citations(result)
    numbered = {str(number): one for number, one in enumerate(result.summary, start=1)}
    entries = result.timeline.entries if result.timeline else ()
    found: Claim | TimelineEntry
    if claim in numbered:
        found = numbered[claim]
    else:
        by_uid: dict[str, Claim | TimelineEntry] = {one.claim_uid: one for one in result.summary}
        by_uid |= {entry.entry_uid: entry for entry in entries}
        known = f"claims 1 to {len(numbered)}" if numbered else "no claims"
        found = by_uid[_pick(claim, by_uid, "claim or timeline entry", known)]
    lines: list[str] = []
    if isinstance(found, Claim):
        lines += textwrap.wrap(one_line(found.text, 4_000), width)
        against = found.against
    else:
        lines.append(f"{iso(found.time)}  {found.level}  {one_line(found.host or 'no host', 80)}")
        for text in (found.statement, *found.details):
            lines += textwrap.wrap(one_line(text, 4_000), width)
        lines += [
            f"rule      {one_line(_rule(rule.title, rule.author), 300)}" for rule in found.rules
        ]
        against = ()
    if found.techniques:
        lines.append(f"att&ck    {one_line(', '.join(found.techniques), 300)}")
    lines += ["", "evidence", *_evidence_lines(found.evidence, citations)]
    if against:
        lines += ["", "evidence against", *_evidence_lines(against, citations)]
    lines += ["", "`sentree show RUN --event E1` shows a cited event's record."]
    return "\n".join(lines) + "\n"


def node_view(result: Result, node: str) -> str:
    """Show one node of the tree and what is below it; `tree` shows all of it.

    Raises:
        NotFoundError: no node has this uid.
    """
    roots = build_tree(result.trajectory)
    if not roots:
        raise NotFoundError("this run has no tree: it was answered on the direct path")
    if node != "tree":
        nodes = {one.record.node_uid: one for root in roots for one in root.walk()}
        # A node's uid is the start of its children's, so only the whole uid names it.
        if node not in nodes:
            raise NotFoundError(
                f"no node is called '{terminal(node)}': there are {len(nodes):,}, "
                f"from {terminal(next(iter(nodes)))} on (see --node tree)"
            )
        roots = [nodes[node]]
    lines = [f"{'node':<64} {'events':>10} {'subtree':>10} {'findings':>8} {'time':>9}  state"]
    base = roots[0].record.depth
    every = [one for root in roots for one in root.walk()]
    lines += [_node_line(one, base) for one in every[:MAX_NODES]]
    if len(every) > MAX_NODES:
        lines.append(f"{len(every) - MAX_NODES:,} more nodes; the JSON report has them")
    if node != "tree":
        lines += _node_lines(roots[0].record)
    return "\n".join(lines) + "\n"


def event_view(result: Result, event: str, width: int = WIDTH) -> str:
    """Show one cited event: where it stands, what cites it, the record, the normalised form.

    Raises:
        NotFoundError: no cited event has this uid, start of a uid, or mark.
    """
    citations = number_citations(result)
    known = f"{len(citations.events):,} cited events, E1 to E{len(citations.numbers)}"
    uid = citations.uid(event) or _pick(event, citations.events, "cited event", known)
    found = citations.events.get(uid)
    if found is None:
        raise NotFoundError(f"event {terminal(uid)} is cited, but the document does not carry it")
    cited = [str(n) for n, one in enumerate(result.summary, start=1) if _cites(one.evidence, uid)]
    rows = [
        entry
        for entry in (result.timeline.entries if result.timeline else ())
        if _cites(entry.evidence, uid)
    ]
    is_event = found.class_uid >= 0
    number = f" ({found.class_uid})" if is_event else ", a record that is no event"
    lines = [
        f"{citations.mark(uid)}  {iso(found.time) if found.time else 'no time'}  "
        f"{one_line(found.class_name, 80)}{number}",
        f"uid       {one_line(uid, 80)}",
        f"source    {one_line(found.source, 400)}:{found.line}  "
        f"mapper {one_line(found.mapper, 60)}",
    ]
    if is_event:
        lines.append(
            f"host      {one_line(found.host or '-', 200)}  user {one_line(found.user or '-', 200)}"
        )
    for one in found.references[:8]:
        parts = [part for part in (one.source_name, one.external_id, one.url) if part]
        lines.append(f"see also  {one_line(' '.join(parts), 400)}")
    if cited:
        lines.append(f"claims    {', '.join(cited)}")
    lines += [f"row       {one_line(entry.statement, 300)}" for entry in rows[:5]]
    whole = "" if found.raw_length <= len(found.raw) else f" (of {found.raw_length:,} characters)"
    lines += ["", f"raw{whole}", *block(found.raw, width)]
    if found.event.strip() not in ("", "{}", "null"):
        lines += ["", "normalised (OCSF)", *block(_pretty(found.event), width)]
    return "\n".join(lines) + "\n"


def _node_line(node: TreeNode, base: int) -> str:
    record = node.record
    label = f"{'  ' * min(record.depth - base, 12)}{record.node_uid} {record.label}"
    own = f"{node.own_events:,}" if node.own_events else "-"
    line = (
        f"{one_line(label, 63):<64} {own:>10} {node.subtree_events:>10,} {record.findings:>8,} "
        f"{milliseconds(record.milliseconds):>9}  {record.state}"
    )
    trouble = [f"limit {record.limit_hit}"] if record.limit_hit else []
    trouble += [record.error] if record.error else []
    return f"{line}  {one_line('; '.join(trouble), 300)}" if trouble else line


def _node_lines(record: NodeRecord) -> list[str]:
    """Show what one node was asked or ran, and what came of it."""
    lines: list[str] = []
    if record.code:
        title = "question" if record.kind is NodeKind.SUBCALL else "code"
        lines += ["", title, *block(record.code, WIDTH)]
    if record.output:
        lines += ["", "output", *block(record.output, WIDTH)]
    facts = [
        f"tokens {record.input_tokens:,} in, {record.output_tokens:,} out"
        if record.input_tokens or record.output_tokens
        else "",
        f"${record.usd:.4f}" if record.usd else "",
        f"{plural(record.evidence_seen, 'event')} shown so far" if record.evidence_seen else "",
        f"prompt {one_line(record.prompt_hash, 16)}" if record.prompt_hash else "",
    ]
    told = "; ".join(fact for fact in facts if fact)
    return [*lines, "", told] if told else lines


def _evidence_lines(evidence: Sequence[Evidence], citations: Citations) -> list[str]:
    lines: list[str] = []
    for one in evidence[:100]:
        event = citations.events.get(one.event_uid)
        where = f"{event.source}:{event.line}" if event else "not in this document"
        quote = f'  quotes "{one_line(one.quote, 160)}"' if one.quote else ""
        mark = f"[{citations.mark(one.event_uid)}]"
        lines.append(f"  {mark:<7} {one_line(one.event_uid, 64)}  {one_line(where, 200)}{quote}")
    if len(evidence) > 100:
        lines.append(f"  and {len(evidence) - 100:,} more")
    return lines


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _pick(text: str, known: Iterable[str], what: str, hint: str) -> str:
    """Find the one uid that is `text` or starts with it."""
    uids = list(known)
    if text in uids:
        return text
    matches = [uid for uid in uids if uid.startswith(text)] if len(text) >= 4 else []
    if len(matches) == 1:
        return matches[0]
    found = f"{len(matches)} start with" if matches else "none is called"
    raise NotFoundError(f"{what}: {found} '{terminal(text)}'; this run has {hint}")


def _cites(evidence: Sequence[Evidence], uid: str) -> bool:
    return any(one.event_uid == uid for one in evidence)


def _rule(title: str, author: str | None) -> str:
    return f"{title} (by {author})" if author else title
