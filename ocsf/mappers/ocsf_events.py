"""Events that are OCSF already, of any version: kept as they are, without nulls."""

from __future__ import annotations

from ocsf.mapping import Mapper, Shape, TimeField

MAPPER = Mapper(
    name="ocsf",
    title="OCSF JSON",
    shapes=(
        Shape(
            name="ocsf",
            present=(
                frozenset({"class_uid", "type_uid", "class_name"}),
                frozenset({"metadata.version", "metadata.product", "category_uid", "activity_id"}),
            ),
        ),
    ),
    times=(TimeField("time", unit="epoch"),),
    rules=(),
    keeps=True,
)
