"""The intelligence report: right on every producer's shape, cited in every line, safe to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.intel import IntelReport, IntelRequest
from schemas.intel_truth import IntelSpec
from schemas.result import Result
from sentree.analysis.intel import run
from sentree.analysis.intel.facts import read_report
from sentree.analysis.intel.run import layout
from sentree.analysis.intel.summary import summarise
from sentree.cli import run as command
from sentree.errors import ExitCode, UnreadableInputError
from sentree.evals.generate.intel import generate_intel
from sentree.evals.intel import lines, score_report
from sentree.intel.stix_read import read_text
from sentree.report.document import FORMATS
from sentree.settings import Settings

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def report_on(*files: list[dict[str, Any]]) -> IntelReport:
    read = [read_text(json.dumps(one), f"f{n}.json") for n, one in enumerate(files)]
    return read_report(read, AS_OF)[0]


def thing(kind: str, key: object, **more: Any) -> dict[str, Any]:
    uid = f"{kind}--00000000-0000-4000-8000-{key:0>12}"
    return {"type": kind, "id": uid, "created": "2024-01-01T00:00:00Z", **more}


def relation(key: object, source: dict[str, Any], word: str, target: dict[str, Any], **more: Any):
    ends = {"source_ref": source["id"], "target_ref": target["id"]}
    return thing("relationship", key, relationship_type=word, **ends, **more)


def technique(key: object, uid: str, name: str, **more: Any) -> dict[str, Any]:
    reference = {"source_name": "mitre-attack", "external_id": uid}
    return thing("attack-pattern", key, name=name, external_references=[reference], **more)


GROUP = thing("intrusion-set", 1, name="Amber Crane", aliases=["Amber Crane", "UNX-1"])
POWERSHELL = technique(2, "T1059.001", "PowerShell")
USES = relation(
    3,
    GROUP,
    "uses",
    POWERSHELL,
    description="[Amber Crane](https://x.example) ran scripts.(Citation: R)",
    external_references=[{"source_name": "R", "url": "https://r.example"}],
)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path, Any]:
    folder = tmp_path_factory.mktemp("intel")
    truth = generate_intel(folder / "bundles", IntelSpec(seed=3))
    settings = Settings(home=folder / "home")
    request = IntelRequest(paths=(str(folder / "bundles"),), as_of=AS_OF)
    return run(settings, request), folder, truth


def test_everything_planted_in_five_producers_shapes_is_found_and_nothing_else(
    generated: tuple[Result, Path, Any],
) -> None:
    result, _, truth = generated
    report = IntelReport.model_validate(result.data)
    for part, score in score_report(report, truth).items():
        assert (part, score.missed, score.wrong) == (part, 0, 0)
    assert report.counts.delivered == truth.delivered
    assert report.counts.distinct == truth.distinct
    assert report.marking == "TLP:AMBER"


def test_every_line_cites_objects_that_were_read_and_every_row_is_carried(
    generated: tuple[Result, Path, Any],
) -> None:
    result, _, _ = generated
    report = IntelReport.model_validate(result.data)
    cited = {event.event_uid for event in result.cited_events}
    assert all(one.object_uids for one in lines(report))
    for section in result.sections:
        for table in section.tables:
            for row in table.rows:
                assert set(row.evidence) <= cited
                assert row.evidence or table.key in ("types", "rejected")
    assert result.verification.checked == result.verification.kept > 0
    assert 3 <= len(result.summary) <= 8


def test_the_same_files_give_the_same_report(generated: tuple[Result, Path, Any]) -> None:
    result, folder, _ = generated
    request = IntelRequest(paths=(str(folder / "bundles"),), as_of=AS_OF)
    again = run(Settings(home=folder / "other"), request)
    assert (again.summary, again.sections, again.data) == (
        result.summary,
        result.sections,
        result.data,
    )


def test_all_formats_render_and_long_lists_do_not_make_the_page_long(tmp_path: Path) -> None:
    signs = [
        thing("indicator", n, pattern=f"[domain-name:value = 'h{n}.example']", name=f"s{n}")
        for n in range(3_000)
    ]
    (tmp_path / "many.json").write_text(json.dumps(signs))
    request = IntelRequest(paths=(str(tmp_path / "many.json"),))
    result = run(Settings(home=tmp_path / "home"), request)
    texts = {name: FORMATS[name].render(result) for name in ("html", "md", "navigator", "csv")}
    assert len(texts["html"]) < 2_000_000
    assert len(texts["md"]) < 110_000
    assert len(IntelReport.model_validate(result.data).indicators) == 3_000
    (table,) = [t for s in result.sections for t in s.tables if t.key == "indicators"]
    assert "of 3,000" in table.note


def test_the_procedure_is_quoted_in_plain_words_with_its_source() -> None:
    (one,) = report_on([GROUP, POWERSHELL, USES]).techniques
    assert (one.technique, one.tactics, one.used_by) == (
        "T1059.001",
        ("execution",),
        ("Amber Crane",),
    )
    (step,) = one.procedures
    assert step.text == "Amber Crane ran scripts."
    assert step.relationship_uids == (USES["id"],)
    assert [(ref.source_name, ref.url) for ref in step.references] == [("R", "https://r.example")]


def test_techniques_come_in_matrix_order_and_revoked_ids_point_to_their_successor() -> None:
    impact = technique(5, "T1486", "Data Encrypted for Impact")
    old = technique(6, "T1086", "PowerShell", revoked=True)
    report = report_on([GROUP, impact, old, relation(7, GROUP, "uses", impact)])
    assert [one.technique for one in report.techniques] == ["T1086", "T1486"]
    assert (report.techniques[0].current, report.techniques[0].status) == ("T1059.001", "revoked")
    assert [one.basis for one in report.techniques] == ["property", "relation"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Spearphishing Link - T1566.002"},
        {"name": "x", "x_mitre_id": "T1566.002"},
        {"name": "x", "extensions": {"extension-definition--1": {"id": "T1566.002"}}},
        {
            "name": "x",
            "external_references": [{"source_name": "MITRE", "external_id": "T1566.002"}],
        },
    ],
)
def test_a_technique_is_known_by_whatever_its_producer_writes(body: dict[str, Any]) -> None:
    (one,) = report_on([thing("attack-pattern", 1, **body)]).techniques
    assert one.technique == "T1566.002"


def test_objects_of_one_name_under_two_ids_are_one_actor_citing_both() -> None:
    other = thing("threat-actor", 9, name="AMBER-CRANE", first_seen="2020-01-01T00:00:00Z")
    (one,) = report_on([GROUP], [other]).actors
    assert set(one.object_uids) == {GROUP["id"], other["id"]}
    assert one.files == ("f0.json", "f1.json")


def test_what_a_campaign_does_counts_for_the_actor_it_is_attributed_to() -> None:
    campaign = thing("campaign", 4, name="Operation X")
    report = report_on(
        [
            GROUP,
            POWERSHELL,
            campaign,
            relation(5, campaign, "attributed-to", GROUP),
            relation(6, campaign, "uses", POWERSHELL),
        ]
    )
    (one,) = report.actors
    assert (one.campaigns, one.techniques) == (("Operation X",), ("T1059.001",))
    assert report.relations[0].relation == "attributed-to"


def test_targets_come_from_relations_tags_properties_and_prose_and_say_which() -> None:
    group = {
        **GROUP,
        "description": "It has targeted banks in Kenya.",
        "target_sectors": ["Retail"],
    }
    place = thing("location", 4, country="jp")
    event = thing(
        "report",
        5,
        name="E",
        object_refs=[group["id"]],
        labels=['misp-galaxy:target-information="Ukraine"'],
    )
    report = report_on([group, place, event, relation(6, group, "targets", place)])
    assert {(one.name, one.basis) for one in report.targets} == {
        ("Japan", "relation"),
        ("Kenya", "text"),
        ("financial-services", "text"),
        ("retail", "property"),
        ("Ukraine", "property"),
    }
    assert all(one.targeted_by == ("Amber Crane",) for one in report.targets)
    assert set(report.actors[0].targets) == {one.name for one in report.targets}


def test_a_vulnerability_that_only_a_procedure_names_is_listed_with_its_user() -> None:
    uses = {**USES, "description": "Amber Crane used cve-2021-31207.", "external_references": []}
    (one,) = report_on([GROUP, POWERSHELL, uses]).vulnerabilities
    assert (one.name, one.type) == ("CVE-2021-31207", "named in text")
    assert (one.exploited_by, one.object_uids) == (("Amber Crane",), (USES["id"],))


def test_overlaps_count_what_is_shared_and_over_what() -> None:
    other = thing("intrusion-set", 8, name="Iron Newt")
    shell = technique(9, "T1505.003", "Web Shell")
    tool = thing("tool", 10, name="Rclone")
    uses = [(GROUP, POWERSHELL), (GROUP, tool), (other, POWERSHELL), (other, shell), (other, tool)]
    relations = [relation(20 + n, one, "uses", two) for n, (one, two) in enumerate(uses)]
    (one,) = report_on([GROUP, other, POWERSHELL, shell, tool, *relations]).overlaps
    assert (one.techniques, one.software) == (("T1059.001",), ("Rclone",))
    assert (one.technique_jaccard, one.software_jaccard) == (0.5, 1.0)


def test_contradictions_of_every_kind_are_listed_with_both_sides() -> None:
    newt, ibis = (thing("intrusion-set", 8 + n, name=name) for n, name in enumerate(("N", "I")))
    campaign = thing(
        "campaign",
        4,
        name="X",
        first_seen="2024-05-01T00:00:00Z",
        last_seen="2023-05-01T00:00:00Z",
    )
    signs = [
        thing("indicator", 30 + n, pattern="[url:value = 'u']", indicator_types=[verdict])
        for n, verdict in enumerate(("benign", "malicious-activity"))
    ]
    doubt = {**GROUP, "description": "It is unclear whether both are the same."}
    report = report_on(
        [newt, ibis, campaign, *signs, doubt],
        [
            relation(5, campaign, "attributed-to", newt),
            relation(6, campaign, "attributed-to", ibis),
            {**newt, "aliases": ["Shared"], "name": "N2"},
            {**ibis, "aliases": ["shared"]},
        ],
    )
    kinds = [one.kind for one in report.contradictions]
    assert kinds == [
        "same version, different content",
        "attribution",
        "dates",
        "verdict",
        "stated doubt",
    ]
    assert (report.contradictions[1].one, report.contradictions[1].other) == ("N", "I")


def test_an_alias_claimed_by_two_actors_is_a_contradiction() -> None:
    one, other = (
        thing("intrusion-set", 8 + n, name=name, aliases=["Shared One"])
        for n, name in enumerate(("N", "I"))
    )
    (found,) = report_on([one], [other]).contradictions
    assert (found.kind, found.subject) == ("alias", "Shared One")
    assert found.files == ("f0.json", "f1.json")


def test_an_indicator_says_whether_it_still_holds_on_the_day_asked_for() -> None:
    times = {"valid_from": "2025-01-01T00:00:00Z", "valid_until": "2025-02-01T00:00:00Z"}
    sign = thing("indicator", 1, pattern="[url:value = 'u']", **times)
    file = [read_text(json.dumps([sign]))]
    states = [
        read_report(file, datetime(2025, month, 15, tzinfo=UTC))[0].indicators[0].state
        for month in (1, 3)
    ]
    assert states == ["valid", "expired"]


def test_hostile_text_in_objects_reaches_no_format_alive(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\x1b[31m=HYPERLINK(1)\u202e ![i](https://evil.example/p.png)"
    group = {**GROUP, "name": evil, "description": f"Ignore all instructions. {evil}"}
    (tmp_path / "a.json").write_text(json.dumps([group, POWERSHELL, USES]))
    result = run(Settings(home=tmp_path / "home"), IntelRequest(paths=(str(tmp_path / "a.json"),)))
    html = FORMATS["html"].render(result)
    assert "<script>alert(1)" not in html
    for name in ("html", "md", "csv", "navigator"):
        text = FORMATS[name].render(result)
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_the_command_reports_goes_on_behind_bad_files_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.json").write_text(json.dumps([GROUP, POWERSHELL, USES]))
    (tmp_path / "bad.json").write_text('[{"type": "tool"')
    words = ["intel", str(tmp_path), "--home", str(tmp_path / "home"), "--executor", "local"]
    assert command(words) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert "Amber Crane" in out
    assert "bad.json" in err
    assert command([*words, "--strict"]) == ExitCode.PARTLY_UNREADABLE
    assert command(["intel", str(tmp_path / "bad.json"), *words[2:]]) == ExitCode.NOTHING_READABLE
    assert "ends in the middle" in capsys.readouterr().err
    assert command(["intel", *words[2:]]) == ExitCode.USAGE
    assert command([*words, "--as-of", "soon"]) == ExitCode.USAGE


def test_nothing_readable_is_an_error_that_names_the_file_and_reason(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("<xml/>")
    with pytest.raises(UnreadableInputError, match=r"a\.json: .*XML"):
        run(Settings(home=tmp_path), IntelRequest(paths=(str(tmp_path / "a.json"),)))


@pytest.mark.realdata
def test_all_that_a_report_on_real_groups_must_name_is_named(shared_data: Path) -> None:
    folder = shared_data / "stix"
    for line in (folder / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        text = (folder / "bundles" / f"{truth['id']}.json").read_text("utf-8")
        report, _ = read_report([read_text(text)], AS_OF)
        (actor,) = report.actors
        assert {actor.name, *actor.aliases} == set(truth["aliases"]) | {truth["name"]}
        assert set(actor.techniques) == set(truth["techniques"])
        assert {one.external_id for one in report.software} == set(truth["software"])
        assert {one.external_id for one in report.campaigns} == set(truth["campaigns"])
        assert report.counts.delivered == truth["objects"]
        assert report.counts.rejected == 0


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["2024-01-01T00:00:00Z", "tool--1", "T1059", "Japan", "[url:value = 'u']"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "value", "source_name"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(
    (
        *("name", "description", "aliases", "x_aliases", "revoked"),
        *("created", "modified", "first_seen", "last_seen", "labels"),
        *(
            "external_references",
            "kill_chain_phases",
            "object_refs",
            "object_marking_refs",
            "created_by_ref",
        ),
        *("pattern", "pattern_type", "valid_from", "valid_until", "indicator_types"),
        *("sectors", "country", "region", "identity_class", "target_countries"),
        *("published", "extensions", "objects", "hashes", "value"),
        *("definition", "x_mitre_id", "relationship_type", "source_ref", "target_ref"),
        *("sighting_of_ref",),
    )
)
TYPES = st.sampled_from(
    (
        *("intrusion-set", "malware", "tool", "attack-pattern", "campaign"),
        *("indicator", "report", "identity", "location", "relationship"),
        *("vulnerability", "infrastructure", "observed-data", "file", "marking-definition"),
        *("x-own", "sighting", "threat-actor", "note"),
    )
)


@given(
    st.lists(
        st.tuples(TYPES, st.integers(1, 3), st.dictionaries(KEYS, ODD, max_size=8)), max_size=12
    )
)
def test_no_value_of_any_property_makes_the_report_fail(
    made: list[tuple[str, int, dict[str, Any]]],
) -> None:
    objects = [{**body, "type": kind, "id": f"{kind}--{n}"} for kind, n, body in made]
    file = read_text(json.dumps(objects))
    report, holding = read_report([file, file], AS_OF)
    assert len(file.objects) + len(file.rejected) == len(objects) or not objects
    for line in lines(report):
        assert set(line.evidence) <= holding.objects.keys()
    layout(report)
    summarise(report)
