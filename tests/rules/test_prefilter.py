"""The search for words may never lose a hit: filtered and unfiltered runs give the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentree.lake.db import Lake
from sentree.lake.detections import begin_hits
from sentree.rules.buckets import Bucket, find_layouts
from sentree.rules.chunks import Scope, sql_file, stage_chunk
from sentree.rules.ir import And, Node, Not, Number, Or, Pattern, Text
from sentree.rules.load import LogSource, Rule
from sentree.rules.required import AllOf, OneOf, Word, required
from sentree.rules.taxonomy import load_taxonomy
from sentree.settings import Settings

PROCESS = LogSource("process_creation", "windows", None)
FIELDS = ("Image", "CommandLine", "Company", "Nowhere")
# Letters whose lower case is another letter's, longer, shorter, or hangs on what stands around.
TRAPS = "aAiI\u0130\u0131kK\u212a\u017fsSß\u1e9e\u03c3\u03a3\u03c2\u01c5å\u212b\u0307\\%_.\x01\n "

words = st.text(TRAPS, min_size=1, max_size=4)
field_values: st.SearchStrategy[Any] = st.one_of(
    st.text(TRAPS, max_size=8),
    words,
    st.integers(-2, 12),
    st.sampled_from(["", "[]", " 7 ", "7.0"]),
)
records = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(field_values, st.lists(field_values, max_size=3)) for name in FIELDS[:3]
    },
)
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(
        Text,
        st.sampled_from(FIELDS),
        st.sampled_from(("equals", "contains", "startswith", "endswith")),
        words,
        st.booleans(),
    ),
    st.builds(
        Text,
        st.sampled_from(FIELDS),
        st.just("like"),
        st.lists(
            st.sampled_from(["%", "_", "\\%", "\\\\", "aA", "\u212a", "ß", "\u0130"]), max_size=5
        ).map("".join),
        st.booleans(),
    ),
    st.builds(Text, st.none(), st.just("contains"), words),
    st.builds(Number, st.sampled_from(FIELDS), st.sampled_from(("=", ">")), st.integers(-2, 12)),
    st.builds(Pattern, st.sampled_from(FIELDS), st.sampled_from(("a.", "(?i)k", "^ß$"))),
)
conditions: st.SearchStrategy[Node] = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=4).map(lambda items: And(tuple(items))),
        st.lists(below, min_size=1, max_size=4).map(lambda items: Or(tuple(items))),
        below.map(Not),
    ),
    max_leaves=8,
)


def rule_of(number: int, condition: Node) -> Rule:
    return Rule(
        rule_uid=f"rule {number}",
        title="a rule",
        author=None,
        level=None,
        status=None,
        description=None,
        path="rules.yml",
        line=1,
        content_sha256="",
        techniques=(),
        tactics=(),
        logsource=PROCESS,
        condition=condition,
    )


def hits_of(lake: Lake, given_conditions: Sequence[Node], *, prefiltered: bool) -> set[Any]:
    taxonomy = load_taxonomy()
    source = taxonomy.sources[PROCESS]
    rules = [rule_of(number, condition) for number, condition in enumerate(given_conditions)]
    begin_hits(lake)
    for logsource, layouts in find_layouts(lake, taxonomy, [source]).items():
        assert logsource == PROCESS
        bucket = Bucket(lake, taxonomy, source, rules, prefiltered=prefiltered)
        assert bucket.run(lake, layouts).failed == {}
    found = [(row["rule_uid"], row["event_uid"]) for row in lake.query("FROM rule_hits")]
    assert len(found) == len(set(found))
    return set(found)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(Settings(home=tmp_path_factory.mktemp("home"))) as opened:
        opened.execute(sql_file("macros"))
        opened.execute("CREATE TEMP TABLE given_events AS SELECT * FROM events LIMIT 0")
        yield opened


@settings(max_examples=40, deadline=None)
@given(
    given_conditions=st.lists(conditions, min_size=1, max_size=10),
    given_records=st.lists(records, min_size=1, max_size=8),
)
def test_a_run_with_the_filter_gives_the_hits_of_a_run_without(
    lake: Lake, given_conditions: list[Node], given_records: list[dict[str, Any]]
) -> None:
    lake.execute("TRUNCATE temp.given_events")
    lake.execute(
        "INSERT INTO temp.given_events (event_uid, mapper, original_id, channel, event, raw)"
        " SELECT md5(raw), 'windows', '1', ?, '{}', raw FROM (SELECT unnest(?) AS raw)",
        [
            "Microsoft-Windows-Sysmon/Operational",
            [json.dumps({"number": n, **record}) for n, record in enumerate(given_records)],
        ],
    )
    stage_chunk(lake, Scope("temp.given_events", "true"), load_taxonomy())
    unfiltered = hits_of(lake, given_conditions, prefiltered=False)
    assert hits_of(lake, given_conditions, prefiltered=True) == unfiltered


def test_a_field_that_must_not_hold_a_word_asks_for_nothing() -> None:
    assert required(Not(Text("Image", "contains", "cmd"))) is None


def test_one_alternative_without_words_lets_every_event_through() -> None:
    named = Text("Image", "endswith", "\\cmd.exe")
    assert required(Or((named, Pattern("CommandLine", "a+")))) is None
    assert required(And((named, Pattern("CommandLine", "a+")))) == Word(
        "Image", "l", "endswith", "\\cmd.exe"
    )


def test_all_parts_that_hold_words_are_asked_for() -> None:
    first, second = Text("Image", "equals", "a"), Text("CommandLine", "like", "%n%use_z%")
    assert required(And((first, Or((second, first))))) == AllOf(
        (
            Word("Image", "l", "equals", "a"),
            OneOf(
                (
                    Word("CommandLine", "l", "contains", "use"),
                    Word("Image", "l", "equals", "a"),
                )
            ),
        )
    )
