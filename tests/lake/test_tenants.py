"""Tenants are told apart by the lake and by what records name themselves."""

from __future__ import annotations

from pathlib import Path

from lake_logs import lines, record, records

from sentree.analysis.correlate.run import folders
from sentree.lake.db import Lake
from sentree.lake.ingest import ingest
from sentree.lake.tenants import cited_events, list_tenants, read_slice
from sentree.settings import Settings


def test_raw_records_that_name_tenants_split_a_tenant_of_the_lake_and_no_slice_mixes_them(
    settings: Settings, tmp_path: Path
) -> None:
    mixed = [
        record(n, tenant_uid=name, NewProcessName=f"C:\\Temp\\{name}.exe")
        for n, name in enumerate(("red", "blue", "red", "blue"))
    ]
    (tmp_path / "mixed.jsonl").write_text(lines([*mixed, record(9)]))
    (tmp_path / "alone.jsonl").write_text(lines(records(3, first=20)))
    with Lake.open(settings) as lake:
        ingest(lake, [tmp_path / "mixed.jsonl"], settings=settings, tenant="shared")
        ingest(lake, [tmp_path / "alone.jsonl"], settings=settings, tenant="alone")
        snapshot = lake.snapshot_id()
        tenants = {each.name: each for each in list_tenants(lake, snapshot)}
        assert {name: each.events for name, each in tenants.items()} == {
            "alone": 3,
            "blue": 2,
            "red": 2,
            "shared": 1,
        }
        red = read_slice(lake, tenants["red"], snapshot, None)
        values = {one.key for one in red.sightings if one.kind == "file"}
        assert "red.exe" in values
        assert "blue.exe" not in values
        uids = [sample.event_uid for one in red.sightings for sample in one.sample]
        assert cited_events(lake, tenants["red"], snapshot, uids)
        assert cited_events(lake, tenants["blue"], snapshot, uids) == []


def test_folders_of_tenants_stay_inside_the_run_and_differ() -> None:
    made = folders(("../../etc", "a/b", "A-B", "a b", "", "ünï"))
    assert len({each.lower() for each in made.values()}) == 6
    assert all("/" not in each and ".." not in each and each for each in made.values())
