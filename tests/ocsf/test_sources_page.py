from __future__ import annotations

from pathlib import Path

from ocsf.mappers import MAPPERS
from ocsf.sources_page import sources_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sources.md"


def test_the_page_of_sources_says_what_the_mappers_say():
    assert sources_page(MAPPERS) in PAGE.read_text("utf-8"), "run: cog -r docs/sources.md"


def test_every_source_is_on_the_page_with_its_classes():
    page = sources_page(MAPPERS)
    for mapper in MAPPERS.values():
        assert f"`{mapper.name}`" in page
        for rule in mapper.rules:
            assert f"({rule.class_uid})" in page
