"""Large STIX bundles as rows of the lake: staged part by part, so memory does not grow with them.

The statements of `sentree.lake.stix_staging` take what is as the standard has it; what isn't is
read as `sentree.analysis.knowledge.stix` reads a small file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from sentree.analysis.knowledge.stix import no_collection, rejects_of, stix_columns, version_uid
from sentree.intel.stix import TLP_MARKINGS
from sentree.intel.stix_read import StixFile, format_of, read_element, version_of
from sentree.lake.db import Lake
from sentree.lake.json_elements import Irregular, element_tables
from sentree.lake.knowledge import Delivery, Stage, arrow_table
from sentree.lake.readers import BrokenStreamError, ByteSource, NotTextError
from sentree.lake.records import Reject
from sentree.lake.stix_staging import Odd, StixStage

LARGE = 1 << 20
"""Files of so many bytes are staged: the statements for a part take a tenth of a second."""


def staged_delivery(lake: Lake, path: str, size: int, digest: str) -> Delivery | None:
    """Stage one file of STIX; None if it is small, no plain bundle or list, or broken.

    Raises:
        LakeError: there is no room to stage it.
        OSError: the file can't be read.
    """
    if size < LARGE:
        return None
    stage = StixStage(lake.connection, f"stix_{digest[:16]}", TLP_MARKINGS)
    odd = _OddOnes(stage)
    try:
        for part in element_tables(ByteSource(path).blocks(), "objects"):
            with no_collection():
                odd.read(stage.add(part))
    except (Irregular, BrokenStreamError, NotTextError):
        stage.drop()
        return None
    except BaseException:
        stage.drop()
        raise
    counts = stage.counts()
    if not counts["rows"] and not odd.rejects:
        stage.drop()
        return None
    issues = odd.flaws + Counter(
        revoked=counts["revoked"] or 0, deprecated=counts["deprecated"] or 0
    )
    versions = [version for version, has in (("2.0", "has_20"), ("2.1", "has_21")) if counts[has]]
    return Delivery(
        path=path,
        sha256=digest,
        size=size,
        format=format_of(versions).lower().replace(" ", "-"),
        table="stix_objects",
        columns={},
        key=[],
        rejects=odd.rejects,
        issues=dict(issues),
        stage=Stage(stage.name, counts["rows"]),
    )


class _OddOnes:
    """Reads objects one by one, and keeps what can't be used."""

    def __init__(self, stage: StixStage) -> None:
        self._stage = stage
        self.rejects: list[Reject] = []
        self.flaws: Counter[str] = Counter()

    def read(self, found: list[Odd]) -> None:
        """Put the objects in odd elements into the stage.

        Raises:
            Irregular: one of them is broken, so what follows it may have been cut wrongly.
        """
        columns: dict[str, list[Any]] = defaultdict(list)
        for one in found:
            file = read_element(one.text, one.line)
            if file is None:
                raise Irregular
            self.rejects += rejects_of(file)
            self.flaws.update(reason.partition(":")[0] for _, reason in file.flaws)
            for name, values in _columns(file, one).items():
                columns[name] += values
        if columns:
            self._stage.put(arrow_table(columns))


def _columns(file: StixFile, odd: Odd) -> dict[str, list[Any]]:
    objects = file.objects
    return {
        **stix_columns(file),
        "record_uid": [version_uid(each) for each in objects],
        "source_line": [odd.line] * len(objects),
        "place": [odd.place] * len(objects),
        "is_21": [version_of(each.body) == "2.1" for each in objects],
    }
