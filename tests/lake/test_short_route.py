"""Records of the chosen format are told by a shorter statement, which must tell no other way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lake_logs import Load
from mapped_records import lines, pair_names

from sentree.lake.db import Lake

INPUTS = {name: lines(f"{name}.input.jsonl") for name in pair_names()}
JOURNALD = '{"MESSAGE": "Failed password for ann from 192.0.2.7 port 1 ssh2", "ident": "sshd"}'
IN_SYSLOG = "<13>Mar  2 10:11:12 gate zeek: "


def events(lake: Lake, path: Path, load: Load, tenant: str) -> list[dict[str, Any]]:
    load(path, tenant=tenant)
    return lake.query(
        "SELECT time, event, raw, issues, source_line, mapper FROM events"
        " WHERE tenant_uid = ? ORDER BY ALL",
        [tenant],
    )


@pytest.mark.parametrize("name", ["zeek", "windows", "cloudtrail", "sshd"])
def test_the_short_way_and_the_whole_agree_on_every_format(
    name: str, tmp_path: Path, load: Load, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [line for pair, of in INPUTS.items() if pair.split("-")[0] == name for line in of]
    others = [line for of in INPUTS.values() for line in of]
    wrapped = [IN_SYSLOG + line for line in own if line.startswith("{")]
    path = tmp_path / "mixed.log"
    text = own * 20 + [JOURNALD, "[1]", "{", "#fields a"] + wrapped + others
    path.write_text("\n".join(text))
    monkeypatch.setattr("sentree.lake.framing.CHUNK", 40_000)
    short = events(lake, path, load, "short")
    monkeypatch.setattr("sentree.lake.staging.short_route_sql", lambda *_: "CAST(NULL AS VARCHAR)")
    assert events(lake, path, load, "whole") == short
    assert len(short) > len(others) * 0.8
