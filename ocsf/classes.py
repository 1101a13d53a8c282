"""Names of OCSF classes and categories, from the compiled schema, extensions included."""

from __future__ import annotations

from functools import cache
from typing import Any

from ocsf.mapping import OCSF_VERSION

EXTENSION_FACTOR = 100_000
"""Class uid = extension uid * 100,000 + category uid * 1,000 + number."""


def category_uid(class_uid: int) -> int:
    """Give the category of a class; 0 for Base Event."""
    return class_uid % EXTENSION_FACTOR // 1000


@cache
def compiled_schema(version: str = OCSF_VERSION) -> dict[str, Any]:
    """Load the compiled schema of one OCSF version (a tenth of a second, once a process)."""
    from ocsf_json_schema import get_ocsf_schema

    return get_ocsf_schema(version)


@cache
def class_names(version: str = OCSF_VERSION) -> dict[int, str]:
    """Map class uids to captions: `1007` to `Process Activity`."""
    classes = compiled_schema(version)["classes"].values()
    return {each["uid"]: each["caption"] for each in classes}


@cache
def category_names(version: str = OCSF_VERSION) -> dict[int, str]:
    """Map category uids to captions: `1` to `System Activity`."""
    categories = compiled_schema(version)["categories"]["attributes"].values()
    return {each["uid"]: each["caption"] for each in categories} | {0: "Uncategorized"}


def class_name(class_uid: int, version: str = OCSF_VERSION) -> str:
    """Name a class; an unknown uid is shown as it is."""
    return class_names(version).get(class_uid, f"Class {class_uid}")
