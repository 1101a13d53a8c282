"""The doors log text must pass on its way out: terminal, HTML, Markdown, CSV, JSON, chat.

Every string of a result may have been written by an attacker. Each door makes the invisible
visible (control, bidirectional and zero-width characters) and takes the power out of its format.
"""

from __future__ import annotations

import json
import re

_INVISIBLE_RANGES = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, without tab and line feed
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_INVISIBLE = re.compile(f"[{_INVISIBLE_RANGES}]")
_INVISIBLE_IN_LINE = re.compile(f"[\t\n{_INVISIBLE_RANGES}]")
_SPACES = re.compile(r"\s+")

_MARKDOWN_SPECIAL = re.compile(r"([\\`*_\[\]<|~&$])")
_MARKDOWN_BLOCK = re.compile(r"^([-+=:>#]|\d{1,9}(?=[.)](?:\s|$)))")
_ADDRESS = re.compile(r"(?i)\bwww\.|:(?=//)|@")
_DEFANGED = {"www.": "www[.]", ":": "[:]", "@": "[@]"}

_CHAT_SIGNS = str.maketrans({"<": "(", ">": ")", "`": "'"})

_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def visible(text: str) -> str:
    """Write out characters that act or hide instead of showing; keeps tabs and line feeds."""
    return _INVISIBLE.sub(_spell, text)


def terminal(text: str) -> str:
    """Make text fit for one line of a terminal: nothing in it can move, colour or reorder."""
    return _INVISIBLE_IN_LINE.sub(_spell, text)


def markdown(text: str) -> str:
    """Make text fit for one Markdown paragraph, list item or table cell.

    It can't become a link, image, HTML, code, heading or table. Addresses are defanged
    (`http[:]//`, `www[.]`, `[@]`), because renderers turn bare ones into links after unescaping.
    """
    line = visible(_SPACES.sub(" ", text)).strip()
    line = _ADDRESS.sub(lambda match: _DEFANGED[match.group().lower()], line)
    line = _MARKDOWN_SPECIAL.sub(r"\\\1", line)
    return _MARKDOWN_BLOCK.sub(lambda match: _escape_block(match.group()), line)


def message(text: str) -> str:
    """Make text fit for one line of a chat or mail: no link, no mention, no command of a chat."""
    line = visible(_SPACES.sub(" ", text)).strip()
    line = _ADDRESS.sub(lambda match: _DEFANGED[match.group().lower()], line)
    return line.translate(_CHAT_SIGNS)


def csv_cell(text: str) -> str:
    """Make text fit for a spreadsheet: a cell that would be a formula becomes plain text."""
    guarded = visible(text)
    unsafe = text.startswith(_FORMULA_START) or text.lstrip().startswith(_FORMULA_START)
    return f"'{guarded}" if unsafe else guarded


def json_text(value: object, *, indent: int | None = None) -> str:
    """Write JSON in visible ASCII only, so that printing the file is harmless as well."""
    text = json.dumps(value, ensure_ascii=True, indent=indent, allow_nan=False)
    return text.replace("\x7f", "\\u007f")


def json_visible(text: str) -> str:
    """Escape what acts or hides in JSON text that is written already; the values stay the same."""
    return _INVISIBLE.sub(lambda match: json.dumps(match.group())[1:-1], text).replace(
        "\x7f", "\\u007f"
    )


def cut(text: str, limit: int) -> str:
    """Shorten text to `limit` characters and say how many are missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def _spell(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_block(start: str) -> str:
    # A digit can't be escaped, the dot after it can; `1\.` is text, `1.` starts a list.
    return f"{start}\\" if start[0].isdigit() else f"\\{start}"
