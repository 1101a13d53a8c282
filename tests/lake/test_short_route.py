"""Records of the chosen format are told by a shorter statement, which must tell no other way."""

from __future__ import annotations

import duckdb
import pytest
from mapped_records import WRITTEN, lines

from ocsf.mappers import MAPPERS
from sentree.lake.framing import Framing, frames
from sentree.lake.session import Session
from sentree.lake.staging import SourceLoad, Staging

ZEEK, OCSF, SSHD = lines("zeek.input.jsonl"), lines("ocsf.input.jsonl"), lines("sshd.input.log")
IN_SYSLOG = "Mar  2 10:11:12 gate zeek: "
ODD = (
    '{"MESSAGE": "Failed password for ann from 192.0.2.7 port 1 ssh2", "ident": "sshd"}',
    '{"message": "Accepted password for ann from 192.0.2.7 port 1 ssh2", "@timestamp": "2026"}',
    *("[1]", "[{}]", "{", "#fields a", "", "null", '{"ts": null}', "{}"),
    *(IN_SYSLOG + line for line in ZEEK[:3]),
)
MIXED = "\n".join((*ZEEK, *OCSF, *SSHD, *ODD))


def staged(chosen: str, *, is_plain: bool) -> tuple[list[tuple[object, ...]], list[object]]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        staging = Staging(Session(connection), MAPPERS, "tests")
        load = SourceLoad("a", "a", chosen, chosen, written=WRITTEN, is_plain=is_plain)
        found = frames(
            iter([MIXED.encode()]), Framing.LINES, wrappers=frozenset(), max_line_bytes=1_000_000
        )
        rejects = [
            each
            for frame in found
            if frame.table is not None
            for each in staging.add(load, frame.table)
        ]
        taken = staging.take()
        assert taken is not None
        events = Session(connection).run(
            "SELECT source_line, mapper, time, event, raw, shape, notes, issues, event_uid"
            " FROM staged_events ORDER BY ALL",
            staged_events=taken.events,
        )
        return events.fetchall(), [*rejects, load.records, taken.doubled]


@pytest.mark.parametrize("chosen", ["zeek", "sshd"])
def test_the_short_way_and_the_whole_agree_on_mixed_lines(chosen: str) -> None:
    assert staged(chosen, is_plain=True) == staged(chosen, is_plain=False)
