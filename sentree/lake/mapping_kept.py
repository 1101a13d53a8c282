"""Compiles the reading of events that are OCSF already: kept as they are, without nulls."""

from __future__ import annotations

from importlib import resources

from ocsf.classes import CLASS_NAMES
from sentree.lake.mapping_expressions import without_nulls
from sentree.lake.mapping_time import EARLIEST, LATEST, epoch_instant, iso_instant


def kept_select(relation: str) -> str:
    """Compile the SELECT of `mapped_select` for OCSF events.

    A time that is not a whole number of milliseconds is read all the same, and written as one.
    """
    template = resources.files("sentree.lake").joinpath("sql/kept_events.sql").read_text("utf-8")
    return template.format(
        relation=relation,
        without_nulls=without_nulls("minified"),
        epoch=epoch_instant("given"),
        iso=iso_instant("given"),
        earliest=EARLIEST,
        latest=LATEST,
        known=", ".join(str(uid) for uid in sorted(CLASS_NAMES)),
    )
