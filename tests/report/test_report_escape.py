from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sentree.report.escape import csv_cell, json_text, markdown, terminal, visible

# Bare text of a paragraph, list item or cell may only become these; anything else is an attack.
HARMLESS = {"inline", "text", "text_special", "paragraph_open", "paragraph_close"}


def test_every_invisible_character_of_unicode_is_written_out():
    hidden = [
        f"{code:x}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zl", "Zp", "Cs"}
        and code not in (0x09, 0x0A)
        and visible(chr(code)) == chr(code)
    ]
    assert hidden == []


def test_bidi_escape_and_zero_width_characters_have_a_readable_form():
    assert terminal("a\u202eb\x1b[31m\u200b\n\t") == "a\\u202eb\\x1b[31m\\u200b\\x0a\\x09"
    assert visible("two\nlines\tkept") == "two\nlines\tkept"


@given(st.text())
def test_terminal_text_is_printable_whatever_comes(text: str):
    assert terminal(text).isprintable() or any(
        unicodedata.category(one) in {"Zs", "Cn", "Co"} for one in terminal(text)
    )
    assert not any(unicodedata.category(one) in {"Cc", "Cf"} for one in terminal(text))


@given(st.text(st.sampled_from("ab1 .)(-+=:#>|[]!*_`~<\\&;@/w\n\thtps"), max_size=40))
def test_log_text_stays_plain_text_in_markdown(text: str):
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for token in parser.parse(markdown(text)):
        assert token.type in HARMLESS, (text, token.type)
        assert {child.type for child in token.children or ()} <= HARMLESS, (text, markdown(text))


@given(st.text(st.sampled_from("ab|\\`[]\n"), max_size=20))
def test_log_text_can_not_leave_its_table_cell(text: str):
    table = f"| a | b |\n|---|---|\n| {markdown(text)} | end |\n"
    tokens = MarkdownIt("commonmark").enable("table").parse(table)
    assert [token.type for token in tokens].count("td_open") == 2


def test_addresses_are_defanged_in_markdown(hostile: str):
    text = markdown(hostile)
    assert "http://" not in text and "https://" not in text
    assert "www." not in text and "@" not in text.replace("[@\\]", "")


@given(st.text())
def test_no_csv_cell_starts_a_formula(text: str):
    out = io.StringIO()
    csv.writer(out).writerow([csv_cell(text)])
    (cell,) = next(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.text())
def test_json_text_is_visible_ascii_and_loses_nothing(text: str):
    written = json_text({"a": text})
    assert written.isascii() and written.isprintable()
    assert json.loads(written) == {"a": text}
