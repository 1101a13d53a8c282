"""Reading STIX: every shape it comes in, and nothing lost behind what is broken."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentree.errors import UnreadableInputError
from sentree.intel.stix_read import find_files, read_file, read_text

TOOL = {"type": "tool", "id": "tool--1", "name": "Rclone"}
MALWARE = {"type": "malware", "id": "malware--2", "name": "Sable", "x_custom": {"deep": [1, 2]}}


def bundle(*objects: Any, **more: Any) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--1", "objects": list(objects), **more}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(bundle(TOOL, MALWARE)),
        json.dumps(bundle(TOOL, MALWARE, spec_version="2.0"), indent=4),
        json.dumps([TOOL, MALWARE]),
        json.dumps([bundle(TOOL), bundle(MALWARE)]),
        f"{json.dumps(TOOL)}\n{json.dumps(MALWARE)}\n",
        f"{json.dumps(bundle(TOOL))}\n\n{json.dumps(bundle(MALWARE))}",
        json.dumps({"more": True, "next": "2", "objects": [TOOL, MALWARE]}),
        json.dumps({"response": {"data": bundle(TOOL, MALWARE)}}),
        json.dumps(bundle(bundle(TOOL), MALWARE)),
    ],
    ids=[
        "bundle",
        "indented",
        "list",
        "list of bundles",
        "lines",
        "bundles",
        "taxii",
        "wrapped",
        "nested",
    ],
)
def test_the_same_objects_come_out_of_every_shape(text: str) -> None:
    file = read_text(text)
    assert [one.name for one in file.objects] == ["Rclone", "Sable"]
    assert file.objects[1].body["x_custom"] == {"deep": [1, 2]}
    assert file.rejected == []


def test_a_single_object_is_read_and_its_raw_text_is_what_stands_in_the_file() -> None:
    text = f"\n\n  {json.dumps(TOOL, indent=2)}"
    file = read_text(text)
    (one,) = file.objects
    assert file.raw(one) == json.dumps(TOOL, indent=2)
    assert file.line(one.start) == 3


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"type": "malware", "name": "x"}, "has no id"),
        ({"id": "malware--3", "name": "x"}, "has no type"),
        ({"type": "malware", "id": "tool--3"}, "id is of type tool"),
        ({"type": "malware", "id": "malware"}, "not of the form"),
        ({"type": "malware", "id": 7}, "id is no text"),
        ({"type": "a b", "id": "a b--1"}, "type is no type name"),
        ({"type": "malware", "id": "malware--3", "name": ["x"]}, "name is no text"),
        ({"type": "indicator", "id": "indicator--3"}, "needs pattern"),
        (
            {"type": "relationship", "id": "relationship--3", "source_ref": "a--1"},
            "needs relationship_type",
        ),
        (17, "is a int"),
        (None, "is a NoneType"),
    ],
)
def test_an_object_that_cannot_be_used_is_set_aside_with_its_reason(
    broken: Any, reason: str
) -> None:
    file = read_text(json.dumps(bundle(TOOL, broken, MALWARE)))
    assert [one.uid for one in file.objects] == ["tool--1", "malware--2"]
    (rejected,) = file.rejected
    assert reason in rejected.reason


def test_a_timestamp_that_is_none_is_a_flaw_of_an_object_that_is_kept() -> None:
    file = read_text(json.dumps(bundle({**TOOL, "created": "yesterday"})))
    assert [one.uid for one in file.objects] == ["tool--1"]
    assert file.flaws == [("tool--1", "created is no timestamp: yesterday")]


def test_broken_json_inside_a_bundle_costs_one_object() -> None:
    text = json.dumps(bundle(TOOL, {**TOOL, "id": "tool--9"}, MALWARE), indent=1)
    text = text.replace('"id": "tool--9",', '"id": "tool--9" "oops",')
    file = read_text(text)
    assert [one.uid for one in file.objects] == ["tool--1", "malware--2"]
    (rejected,) = file.rejected
    assert rejected.line == 10
    assert "no JSON" in rejected.reason


def test_a_broken_line_costs_one_line() -> None:
    file = read_text(f'{json.dumps(TOOL)}\n{{"type": "tool", \n{json.dumps(MALWARE)}\n')
    assert [one.uid for one in file.objects] == ["tool--1", "malware--2"]
    assert len(file.rejected) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no STIX object"),
        ("   \n", "no STIX object"),
        ("{}", "no STIX object"),
        ('{"type": "bundle", "id": "bundle--1"}', "no STIX object"),
        ("hello", "is no JSON object"),
        ('<stix:STIX_Package xmlns:stix="http://stix"/>', "STIX 1.x is XML"),
        ("<html></html>", "XML or HTML"),
        ('{"Event": {"info": "x"}}', "MISP event"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_stix_says_what_it_is(text: str, reason: str) -> None:
    file = read_text(text)
    assert file.objects == []
    assert reason in file.rejected[0].reason


def test_half_a_character_does_not_reach_the_objects() -> None:
    text = r'{"type": "tool", "id": "tool--1", "name": "a\ud800b", "aliases": ["\ud83d\ude00"]}'
    (one,) = read_text(text).objects
    assert one.name == "a\\ud800b"
    assert one.aliases == ("\N{GRINNING FACE}",)
    one.name.encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom"])
def test_encodings_are_understood(tmp_path: Path, encoding: str) -> None:
    text = json.dumps(bundle({**TOOL, "name": "Zeměť"}), ensure_ascii=False)
    data = (
        b"\xff\xfe" + text.encode("utf-16-le")
        if encoding == "utf-16-le-bom"
        else text.encode(encoding)
    )
    (tmp_path / "a.json").write_bytes(data)
    assert [one.name for one in read_file(str(tmp_path / "a.json")).objects] == ["Zeměť"]


def test_wrong_encoding_is_noted_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes(json.dumps(bundle(TOOL)).encode().replace(b"Rclone", b"Rcl\xf6ne"))
    file = read_file(str(path))
    assert [one.name for one in file.objects] == ["Rcl\N{REPLACEMENT CHARACTER}ne"]
    assert "not UTF-8" in file.note


def test_compressed_files_are_read_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps(bundle(TOOL)).encode())
    (tmp_path / "a.json.gz").write_bytes(whole)
    (tmp_path / "b.json.gz").write_bytes(whole[:-9])
    assert len(read_file(str(tmp_path / "a.json.gz")).objects) == 1
    assert "can't be read" in read_file(str(tmp_path / "b.json.gz")).rejected[0].reason


def test_folders_and_patterns_name_their_files_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a.jsonl", "deep/c.stix", "readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(TOOL))
    found = [Path(one).name for one in find_files([str(tmp_path), str(tmp_path / "*.json")])]
    assert found == ["a.jsonl", "b.json", "c.stix"]
    with pytest.raises(UnreadableInputError, match="no such file"):
        find_files([str(tmp_path / "nowhere")])


@given(
    cut=st.integers(min_value=0, max_value=1_500),
    objects=st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "objects"]), st.text(max_size=20), max_size=3),
        min_size=1,
        max_size=8,
    ),
    indent=st.sampled_from([None, 1]),
)
def test_a_file_cut_anywhere_gives_the_objects_before_the_cut(
    cut: int, objects: list[dict[str, str]], indent: int | None
) -> None:
    whole = [{"type": "tool", "id": f"tool--{n}", **body} for n, body in enumerate(objects)]
    text = json.dumps(bundle(*whole), indent=indent)
    file = read_text(text[: min(cut, len(text))])
    read = [one.body for one in file.objects]
    assert read == whole[: len(read)]
    assert all(json.loads(file.raw(one)) == one.body for one in file.objects)
    if cut < len(text):
        assert file.rejected
        ends = [text.index(json.dumps(f"tool--{n}")) for n in range(len(whole))]
        assert len(read) >= sum(end < cut for end in ends) - 1


@given(st.text(max_size=300))
def test_no_text_at_all_makes_the_reader_fail(text: str) -> None:
    file = read_text(text)
    assert file.objects or file.rejected


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "id", "name", "objects", "x"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_json_value_makes_the_reader_fail(value: Any) -> None:
    file = read_text(json.dumps(value))
    for one in file.objects:
        assert one.uid.startswith(f"{one.type}--")
        assert isinstance(one.name, str)
        assert list(one.refs()) is not None
        assert one.references is not None
