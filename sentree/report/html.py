"""One HTML file that needs no network, no script and no other file.

A content security policy forbids the page every request, and every script and style but its own
two by their hashes: log text that slipped through escaping still could not run.
"""

from __future__ import annotations

from typing import Any

from schemas.result import Result
from schemas.window import iso
from sentree.intel.attack import TACTICS, tactic_title
from sentree.report import page
from sentree.report.appendix import build_appendix
from sentree.report.attack import technique_uses
from sentree.report.citations import LinkedMarks, number_citations
from sentree.report.escape import cut
from sentree.report.figures import count_levels, level_rank, minute, warnings
from sentree.report.rows import build_days
from sentree.report.sections import section_views
from sentree.report.strip import build_strip
from sentree.report.templating import TEMPLATES, digest, environment
from sentree.report.tree import build_tree

MAX_BYTES = 15_000_000


def render_html(result: Result) -> str:
    """Render the report; what does not fit in about 15 MB is named and left to the JSON."""
    from markupsafe import Markup

    templates = environment()
    marks = LinkedMarks(number_citations(result))
    body, rows = _body(result, marks)
    main = templates.get_template("body.html.jinja").render(body)
    appendix = build_appendix(
        result,
        marks.citations,
        linked=marks.linked,
        rows=rows,
        room=MAX_BYTES - len(main.encode(errors="replace")),
    )
    exhibits = templates.get_template("appendix.html.jinja").render(
        appendix=appendix, result=result
    )
    style, script = (TEMPLATES / name for name in ("report.css", "report.js"))
    css, js = style.read_text(encoding="utf-8"), script.read_text(encoding="utf-8")
    return templates.get_template("page.html.jinja").render(
        title=cut(result.title, 300),
        policy=f"default-src 'none'; style-src '{digest(css)}'; script-src '{digest(js)}'; "
        "base-uri 'none'; form-action 'none'",
        # Both are ours, and would not be what was hashed if they were escaped.
        css=Markup(css),
        js=Markup(js),
        main=Markup(main),
        appendix=Markup(exhibits),
        result=result,
        created=iso(result.created_at),
    )


def _body(result: Result, marks: LinkedMarks) -> tuple[dict[str, Any], list[int]]:
    """Give the values of all sections before the appendix, and the timeline rows shown."""
    timeline = result.timeline
    uses = technique_uses(result)
    chips = page.technique_chips(uses)
    anchors = page.node_anchors(result)
    tree = page.node_views(build_tree(result.trajectory), anchors)
    in_page = page.shown_anchors(tree)
    reachable = {uid: anchor for uid, anchor in anchors.items() if anchor in in_page}
    claims = page.claim_views(result.summary, marks, chips, reachable)
    days, rows = build_days(result, marks, chips)
    times = {row: timeline.entries[row].time for row in rows} if timeline else {}
    columns = page.matrix_columns(uses, chips, times)
    named = {name for name, _ in columns}
    entries = timeline.entries if timeline else ()
    values = {
        "result": result,
        "title": cut(result.title, 300),
        "question": cut(result.query.text, page.MAX_TEXT),
        "created": minute(result.created_at),
        "warnings": warnings(result),
        "claims": claims,
        "claims_left_out": len(result.summary) - len(claims),
        "facts": page.facts(result),
        "timeline": timeline,
        "levels": count_levels(entries),
        "at_least": {
            rank: sum(level_rank(entry.level) >= rank for entry in entries) for rank in range(5)
        },
        "days": days,
        "rows_left_out": len(entries) - len(rows),
        "strip": build_strip(timeline) if timeline else None,
        "shown_rows": set(rows),
        "columns": columns,
        "unseen": [name for name in map(tactic_title, TACTICS) if name not in named],
        "steps": page.chain_steps(result, set(rows)),
        "transitions": timeline.transitions[: page.MAX_TRANSITIONS] if timeline else (),
        "chips": chips,
        "tree": tree,
        "rules": page.rule_views(result.detections, marks, chips),
        "sources": page.slice_views(result.coverage.by_source),
        "classes": page.slice_views(result.coverage.by_class),
        "dropped": result.verification.dropped[: page.MAX_DROPPED],
        "limits": page,
        "sections": section_views(result, marks, chips),
        "inputs": result.inputs[: page.MAX_SLICES],
        # A record scenario has no timeline by its kind; a timeline run without one says so.
        "shows_timeline": timeline is not None or not result.sections,
        "shows_attack": bool(uses) or not result.sections,
        "shows_rules": bool(result.detections) or not result.sections,
    }
    return values, rows
