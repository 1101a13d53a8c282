"""Jinja templates that escape everything, and hashes that let a page run its own style only."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentree.report.escape import visible

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Give the environment of all pages."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["first_upper"] = _first_upper
    made.filters["count"] = lambda number: f"{number:,}"  # pyright: ignore[reportUnknownLambdaType]
    return made


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _finalize(value: Any) -> Any:
    from markupsafe import Markup

    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return visible(value)


def digest(text: str) -> str:
    """Give the source expression by which a content security policy allows this very text."""
    hashed = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(hashed).decode()}"
