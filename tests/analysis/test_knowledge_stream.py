"""A large STIX file is staged by statements: the same rows and reasons as read one by one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from schemas.ingest import SourceReport
from sentree.analysis.knowledge import deliver, stix_stream
from sentree.intel.stix import TLP_MARKINGS
from sentree.lake.db import Lake
from sentree.lake.ingest import NothingLoadedError
from sentree.settings import Settings

UID = "0b3f1c53-0000-4000-8000-00000000000{}"
TLP = next(iter(TLP_MARKINGS))
COLUMNS = (
    "record_uid, object_uid, type, created, modified, name, revoked, deprecated,"
    " relationship_type, source_ref, target_ref, list_sort(refs) AS refs, pattern, pattern_type,"
    " valid_from, valid_until, object, source_line"
)

TEXTS = st.sampled_from(
    ["x", "", 'a "b" \\ c', "é\u2028\U0001f600", "null", "a: null", "T1059", "\u0000", "]}", "{"]
)
TIMES = st.sampled_from(
    [
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.100Z",
        "2024-01-01T00:00:00.000Z",
        "2024-01-01",
        "2024-02-30T00:00:00Z",
        "2024-01-01T00:00:00+02:00",
        "yesterday",
        "",
        7,
        None,
    ]
)
REFS = st.sampled_from(
    [
        f"malware--{UID.format(1)}",
        f"x--{UID.format(2)}",
        TLP,
        "no reference",
        "",
        'a--"b\\',
        5,
        None,
    ]
)
KINDS = st.sampled_from(
    [
        "malware",
        "indicator",
        "relationship",
        "sighting",
        "ipv4-addr",
        "x-own",
        "bundle",
        "a b",
        "",
        3,
    ]
)
VALUES = {
    "spec_version": st.sampled_from(["2.1", "2.0", 2.1]),
    "created": TIMES,
    "modified": TIMES,
    "valid_until": TIMES,
    "first_seen": TIMES,
    "name": TEXTS | st.sampled_from([None, 5]),
    "value": TEXTS | st.sampled_from([1.5, -0, 10**20, True, None]),
    "revoked": st.sampled_from([True, False, "true", 1, None]),
    "x_mitre_deprecated": st.sampled_from([True, False, "true", None]),
    "Deprecated": st.booleans(),
    "relationship_type": TEXTS,
    "source_ref": REFS,
    "target_ref": REFS,
    "sighting_of_ref": REFS,
    "created_by_ref": REFS,
    "Created_By_Ref": REFS,
    "x'y_ref": REFS,
    "object_marking_refs": st.lists(REFS | st.lists(REFS, max_size=1), max_size=3) | REFS,
    "pattern": TEXTS | st.just("[a:b = 'c\\\\d']"),
    "pattern_type": TEXTS | st.just(1),
    "extensions": st.sampled_from([{}, None, {"e": {"a_ref": "x--y"}}]),
    "labels": st.lists(TEXTS, max_size=2),
}


@st.composite
def stix(draw: st.DrawFn) -> Any:
    """An object such as feeds hold, or one that only looks like it."""
    kind = draw(KINDS)
    chosen = draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=8))
    made: dict[str, Any] = {"type": kind, "id": f"{kind}--{UID.format(draw(st.integers(0, 5)))}"}
    if draw(st.booleans()):
        made |= {"created": "2024-01-01T00:00:00.000Z", "modified": "2024-03-01T00:00:00.000Z"}
    made |= {name: draw(VALUES[name]) for name in sorted(chosen)}
    if draw(st.integers(0, 9)) == 0:
        made["id"] = draw(st.sampled_from(["malware--x", "malware", 5, "a--b c", "é--b"]))
    if draw(st.integers(0, 9)) == 0:
        del made[draw(st.sampled_from(sorted(made)))]
    if draw(st.integers(0, 9)) == 0:
        return draw(
            st.sampled_from([[made], {"data": made}, {"type": "bundle", "objects": [made]}])
        )
    return made


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Lake.open(Settings(home=tmp_path_factory.mktemp("stream") / "home")) as opened:
        yield opened


def load(
    lake: Lake, path: Path, tenant: str, *, staged: bool
) -> tuple[SourceReport, list[Any], list[Any]]:
    """Load as a tenant of its own; gives what was told and what is in the lake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stix_stream, "LARGE", 0 if staged else 1 << 60)
        own = Settings(home=lake.folder.parent)
        try:
            report = deliver(lake, [path], settings=own, as_format="stix", tenant=tenant)
        except NothingLoadedError as error:
            report = error.report
    values = [tenant]
    rows = lake.query(
        f"SELECT {COLUMNS} FROM stix_objects WHERE tenant_uid = ? ORDER BY record_uid", values
    )
    rejects = lake.query(
        "SELECT r.* EXCLUDE (source_uid) FROM rejects AS r JOIN sources AS s USING (source_uid)"
        " WHERE s.tenant_uid = ? ORDER BY ALL",
        values,
    )
    return report.sources[0], rows, rejects


def told(report: SourceReport) -> dict[str, Any]:
    return report.model_dump(exclude={"source_uid"})


@examples(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=st.lists(stix(), min_size=20, max_size=80), indent=st.sampled_from([None, 1]))
def test_a_staged_file_gives_what_reading_it_one_by_one_gives(
    lake: Lake, tmp_path: Path, made: list[Any], indent: int | None
) -> None:
    number = lake.query("SELECT count(*) AS n FROM sources")[0]["n"]
    path = tmp_path / f"{number}.json"
    bundle = {"type": "bundle", "id": f"bundle--{UID.format(9)}", "n": number, "objects": made}
    path.write_text(json.dumps(bundle, indent=indent))
    careful = load(lake, path, f"careful-{number}", staged=False)
    staged = load(lake, path, f"staged-{number}", staged=True)
    assert told(staged[0]) == told(careful[0])
    assert staged[1:] == careful[1:]
    left = "SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = 'temp'"
    assert lake.query(left) == [{"n": 0}]


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("cut", lambda text: text[: len(text) // 2]),
        ("broken", lambda text: text.replace('"name"', '"name', 1)),
        ("empty", lambda _: '{"type": "bundle", "objects": []}'),
        ("behind", lambda text: text.replace('"objects"', '"x": {}, "objects"', 1)),
    ],
)
def test_what_is_no_whole_bundle_is_read_one_by_one(
    lake: Lake, tmp_path: Path, name: str, spoil: Callable[[str], str]
) -> None:
    made = [
        {"type": "malware", "id": f"malware--{UID.format(n)}", "name": name, "created": "2024"}
        for n in range(8)
    ]
    path = tmp_path / "spoilt.json"
    path.write_text(spoil(json.dumps({"type": "bundle", "objects": made})))
    careful = load(lake, path, f"careful-{name}", staged=False)
    staged = load(lake, path, f"staged-{name}", staged=True)
    assert (told(staged[0]), staged[1:]) == (told(careful[0]), careful[1:])


def test_a_large_packed_file_is_staged_and_loaded_once(lake: Lake, tmp_path: Path) -> None:
    made = [
        {"type": "malware", "id": f"malware--{UID.format(n)}", "created": "2024-01-01T00:00:00Z",
         "modified": "2024-01-01T00:00:00Z", "name": "x" * n}
        for n in (1, 2, 1)
    ]  # fmt: skip
    path = tmp_path / "packed.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"type": "bundle", "objects": made}).encode()))
    report, rows, _ = load(lake, path, "packed", staged=True)
    assert (report.accepted, report.duplicate, len(rows)) == (2, 1, 2)
    again, rows, _ = load(lake, path, "packed", staged=True)
    assert again.already_loaded and len(rows) == 2
