"""Merging by id: the newest version holds, what differs and what dangles is listed."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sentree.intel.stix_merge import Holding, merge
from sentree.intel.stix_read import read_text

OLD, NEW = "2024-01-01T00:00:00.000Z", "2024-06-01T00:00:00.000Z"


def group(**more: Any) -> dict[str, Any]:
    return {
        "type": "intrusion-set",
        "id": "intrusion-set--1",
        "name": "Amber Crane",
        "created": OLD,
        "modified": OLD,
        **more,
    }


def merged(*files: list[dict[str, Any]]) -> Holding:
    return merge([read_text(json.dumps(one), f"f{n}") for n, one in enumerate(files)])


def test_equal_copies_are_one_object_without_a_conflict() -> None:
    holding = merged([group()], [group()])
    assert len(holding.objects) == 1
    assert holding.delivered == 2
    assert holding.conflicts == []
    assert holding.objects["intrusion-set--1"].files == (0, 1)


def test_the_newest_version_holds_wherever_it_stands() -> None:
    newer = group(modified=NEW, name="Amber Heron")
    for files in ([[newer], [group()]], [[group()], [newer]]):
        holding = merged(*files)
        assert holding.objects["intrusion-set--1"].newest.name == "Amber Heron"
        (conflict,) = holding.conflicts
        assert not conflict.same_version
        assert [(d.property, d.kept, d.other) for d in conflict.differences] == [
            ("name", "Amber Heron", "Amber Crane")
        ]


def test_one_version_with_two_contents_is_a_conflict_of_the_same_version() -> None:
    (conflict,) = merged([group(first_seen=OLD)], [group(first_seen=NEW)]).conflicts
    assert conflict.same_version
    assert conflict.differences[0].property == "first_seen"


def test_order_of_names_spacing_and_spec_version_are_no_conflict() -> None:
    one = group(aliases=["A", "B"], description="It  is.\n", first_seen="2024-01-01T00:00:00Z")
    other = group(
        aliases=["B", "A"],
        description="It is.",
        first_seen="2024-01-01T00:00:00.000Z",
        spec_version="2.1",
    )
    assert merged([one], [other]).conflicts == []


def test_revocation_is_a_difference_and_the_revoked_one_holds_at_equal_times() -> None:
    holding = merged([group()], [group(revoked=True)])
    assert holding.objects["intrusion-set--1"].newest.revoked
    assert holding.conflicts[0].differences[0].property == "revoked"


def test_references_to_nothing_are_listed_but_not_those_to_tlp() -> None:
    holding = merged(
        [
            group(
                created_by_ref="identity--nobody",
                object_marking_refs=[
                    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
                    "marking-definition--own",
                ],
            )
        ]
    )
    assert [(one.property, one.target) for one in holding.dangling] == [
        ("created_by_ref", "identity--nobody"),
        ("object_marking_refs", "marking-definition--own"),
    ]
    assert holding.marking == "TLP:AMBER"


def test_the_strictest_marking_is_found_in_definitions_of_both_versions() -> None:
    red = {
        "type": "marking-definition",
        "id": "marking-definition--r",
        "definition_type": "tlp",
        "definition": {"tlp": "red"},
    }
    holding = merged([group(object_marking_refs=["marking-definition--r"]), red])
    assert (holding.marking, holding.marking_uid) == ("TLP:RED", "marking-definition--r")


versions = st.lists(
    st.fixed_dictionaries(
        {
            "modified": st.sampled_from([OLD, NEW, "2025-01-01T00:00:00Z"]),
            "name": st.sampled_from(["a", "b"]),
            "revoked": st.booleans(),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(versions, st.randoms())
def test_which_version_holds_does_not_depend_on_the_order_of_files(
    bodies: list[dict[str, Any]], random: Any
) -> None:
    shuffled = random.sample(bodies, len(bodies))
    one = merged(*([group(**body)] for body in bodies))
    other = merged(*([group(**body)] for body in shuffled))
    newest = [holding.objects["intrusion-set--1"].newest for holding in (one, other)]
    assert newest[0].modified == newest[1].modified
    assert newest[0].revoked == newest[1].revoked
    assert one.delivered == other.delivered == len(bodies)
