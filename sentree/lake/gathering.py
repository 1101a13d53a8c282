"""Compiles how the records of one event are gathered, to one statement over their documents."""

from __future__ import annotations

from collections.abc import Mapping

from ocsf.gathering import Gathering, Named
from sentree.lake.db import sql_text
from sentree.lake.mapping_expressions import LIST_LIMIT, literal
from sentree.lake.mapping_fields import json_path

EDGE = 64
"""So many records from the beginning or the end, an event may have lost some of its own."""


def gathered_select(gathering: Gathering) -> str:
    """Compile a gathering to a SELECT over `staged_records` that completes their documents."""
    paths = list(dict.fromkeys([*gathering.key, gathering.kind, *gathering.also]))
    number = gathering.counts[1] if gathering.counts else None
    if number:
        paths.append(number)
    if gathering.named:
        paths += [gathering.named.given, *gathering.named.numbers]
    place = {path: f"v[{n}]" for n, path in enumerate(paths, start=1)}
    kind = f"lower({place[gathering.kind]})"
    if gathering.names:
        kind = f"coalesce({_map(gathering.names)}[{kind}], {kind})"
    named = ", ".join(
        [f"upper({kind})", *(f"nullif({place[each]}, '')" for each in gathering.also)]
    )
    return sql_text(
        "gathered_documents",
        paths=", ".join(literal(json_path(path)) for path in paths),
        key=", ".join(f"coalesce({place[each]}, '')" for each in gathering.key),
        kind=kind,
        member=_member(gathering.named, place) if gathering.named else "''",
        list=f"concat_ws('_', {named})",
        count=f"TRY_CAST({place[number]} AS BIGINT)" if number else "0",
        counted=literal(gathering.counts[0] if gathering.counts else ""),
        leads=", ".join(map(literal, sorted(gathering.leads))),
        parts=", ".join(map(literal, sorted(gathering.parts))),
        edge=str(EDGE),
        most=str(LIST_LIMIT),
    )


def _map(table: Mapping[str, str]) -> str:
    return f"MAP {{{', '.join(f'{literal(key)}: {literal(name)}' for key, name in table.items())}}}"


def _member(named: Named, place: Mapping[str, str]) -> str:
    """Give SQL for `"member":"name",`, empty where there is no name."""
    numbers = " || ' ' || ".join(place[each] for each in named.numbers)
    name = (
        f"coalesce({place[named.given]}, {_map(named.table)}[lower({numbers})],"
        f" {place[named.numbers[-1]]})"
    )
    return (
        f"coalesce({literal(f'{chr(34)}{named.member}{chr(34)}:')} || to_json({name}) || ',', '')"
    )
