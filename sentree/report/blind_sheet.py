"""A blind sheet for raters: a page to read and choose on, and a CSV to fill in instead."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from schemas.rating import SheetItem
from sentree.report.escape import csv_cell
from sentree.report.templating import TEMPLATES, digest, environment

COLUMNS = ("sheet", "item", "question", "answer_a", "answer_b", "choice", "rater", "comment")


def sheet_csv(sheet: str, items: Sequence[SheetItem]) -> str:
    """Render the sheet with empty columns to fill in; no cell can be a formula."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in items:
        texts = (one.question, one.answer_a, one.answer_b)
        writer.writerow([sheet, one.item, *map(csv_cell, texts), "", "", ""])
    # Spreadsheets take UTF-8 for what it is only behind this mark.
    return "\ufeff" + out.getvalue()


def sheet_html(sheet: str, items: Sequence[SheetItem]) -> str:
    """Render one offline page; its only script, allowed by hash, makes a CSV of the choices."""
    from markupsafe import Markup

    css = "".join((TEMPLATES / name).read_text("utf-8") for name in ("report.css", "sheet.css"))
    script = (TEMPLATES / "sheet.js").read_text("utf-8")
    return (
        environment()
        .get_template("sheet.html.jinja")
        .render(
            policy=f"default-src 'none'; style-src '{digest(css)}'; script-src '{digest(script)}'; "
            "base-uri 'none'; form-action 'none'",
            css=Markup(css),
            js=Markup(script),
            sheet=sheet,
            items=items,
        )
    )
