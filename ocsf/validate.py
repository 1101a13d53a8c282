"""Checks an event against the compiled OCSF schema of its version, its class and its profiles.

Hard findings say that a consumer may misread the event (a required attribute is missing, a type,
a value or the class is wrong); soft ones that it says more than the schema knows (an attribute
that is unknown or of a profile that is not enabled, a null). Nothing here raises on bad events.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from ocsf.mapping import OCSF_VERSION

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

VALIDATORS_KEPT = 256
FINDINGS_LIMIT = 100
NUMBER = re.compile(r"\d+")


class Weight(StrEnum):
    """How much a finding matters."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class SchemaFinding:
    """One thing that is wrong with an event; `code` is stable, `detail` names the value's place."""

    weight: Weight
    code: str
    path: str
    detail: str = ""


def hard(code: str, path: str, detail: str = "") -> SchemaFinding:
    """Make a hard finding."""
    return SchemaFinding(Weight.HARD, code, path, detail)


def soft(code: str, path: str, detail: str = "") -> SchemaFinding:
    """Make a soft finding."""
    return SchemaFinding(Weight.SOFT, code, path, detail)


def validate(event: Mapping[str, Any]) -> list[SchemaFinding]:
    """List what is wrong with an event, at most a hundred findings, in the order of the schema."""
    try:
        return _validate(event)[:FINDINGS_LIMIT]
    except (ValueError, RecursionError, OverflowError) as error:
        return [hard("unreadable", "$", str(error)[:200])]


def _validate(event: Mapping[str, Any]) -> list[SchemaFinding]:
    nulls: list[SchemaFinding] = []
    event = cast(dict[str, Any], _without_nulls(event, "", nulls))
    version = nearest_version(_at(event, "metadata", "version"))
    class_uid = event.get("class_uid")
    if not _is_integer(class_uid):
        return [hard("missing_class_uid", "class_uid"), *nulls]
    name = _class_names(version).get(class_uid)
    if name is None:
        return [hard("unknown_class_uid", "class_uid", f"{class_uid} in {version}"), *nulls]
    profiles = _enabled_profiles(version, _at(event, "metadata", "profiles"))
    findings = [
        *_check_type_uid(event, class_uid),
        *_check_dotted_constraints(event, version, name),
    ]
    for error in _validator(version, name, profiles).iter_errors(event):
        findings += _read_error(error, version, name)
        if len(findings) >= FINDINGS_LIMIT:
            break
    return findings + nulls


def _without_nulls(value: object, path: str, nulls: list[SchemaFinding]) -> object:
    """Give the value without nulls, which count as absent, and note where they stood."""
    if isinstance(value, Mapping):
        kept: dict[str, object] = {}
        for key, each in cast(Mapping[str, object], value).items():
            below = f"{path}.{key}" if path else key
            if each is None:
                nulls.append(soft("null", below))
            else:
                kept[key] = _without_nulls(each, below, nulls)
        return kept
    if isinstance(value, list):
        listed = enumerate(cast(list[object], value))
        return [_without_nulls(v, f"{path}.{n}", nulls) for n, v in listed if v is not None]
    return value


def hard_findings(event: Mapping[str, Any]) -> list[SchemaFinding]:
    """List the hard findings of an event only."""
    return [each for each in validate(event) if each.weight is Weight.HARD]


@lru_cache(maxsize=VALIDATORS_KEPT)
def nearest_version(version: object) -> str:
    """Give the packaged schema version that is the highest one not above the given text."""
    versions = _packaged_versions()
    if not isinstance(version, str):
        return OCSF_VERSION
    wanted = _version_key(version)
    below = [each for each in versions if _version_key(each) <= wanted]
    return below[-1] if below else versions[0]


def _version_key(version: str) -> tuple[int, int, int, int, int]:
    """Order versions: `1.0.0-rc.2` before `1.0.0`."""
    plain, _, pre = version.partition("-")
    parts = [int(each[:9]) for each in NUMBER.findall(plain)[:3]]
    major, minor, patch = (*parts, 0, 0, 0)[:3]
    stage = NUMBER.search(pre)
    return (major, minor, patch, 0 if pre else 1, int(stage.group()[:9]) if stage else 0)


@cache
def _packaged_versions() -> tuple[str, ...]:
    from ocsf_json_schema import get_packaged_versions

    return tuple(sorted(get_packaged_versions(), key=_version_key))


@cache
def _schema(version: str) -> dict[str, Any]:
    from ocsf_json_schema import get_ocsf_schema

    return cast(dict[str, Any], get_ocsf_schema(version))


@cache
def _class_names(version: str) -> dict[int, str]:
    classes = cast(dict[str, dict[str, Any]], _schema(version)["classes"])
    return {each["uid"]: name for name, each in classes.items()}


@lru_cache(maxsize=VALIDATORS_KEPT)
def _validator(version: str, name: str, profiles: frozenset[str]) -> Validator:
    """Compile the validator; the dotted constraints that JSON Schema can't say are left out."""
    import jsonschema_rs
    from ocsf_json_schema import OcsfJsonSchemaEmbedded

    schema = cast(
        dict[str, Any],
        OcsfJsonSchemaEmbedded(_schema(version)).get_class_schema(name, sorted(profiles)),
    )
    if any("." in path for path in _constraint_paths(version, name)):
        schema.pop("anyOf", None)
        schema.pop("oneOf", None)
    return jsonschema_rs.validator_for(schema)


def _enabled_profiles(version: str, listed: object) -> frozenset[str]:
    if not isinstance(listed, list):
        return frozenset()
    known = cast(dict[str, Any], _schema(version).get("profiles", {}))
    return frozenset(each for each in cast(list[object], listed) if isinstance(each, str)) & set(
        known
    )


def _read_error(error: ValidationError, version: str, name: str) -> Iterator[SchemaFinding]:
    path = ".".join(str(step) for step in error.instance_path)
    kind = type(error.kind).__name__
    if kind == "AdditionalProperties":
        for extra in cast(list[str], getattr(error.kind, "unexpected", [])):
            full = f"{path}.{extra}" if path else extra
            in_profile = not path and extra in _schema(version)["classes"][name]["attributes"]
            yield soft("profile_not_enabled" if in_profile else "unknown_attribute", full)
    elif kind == "Required":
        missing = str(getattr(error.kind, "property", ""))
        yield hard("missing_required", f"{path}.{missing}" if path else missing)
    elif kind in {"AnyOf", "OneOfNotValid", "OneOfMultipleValid"}:
        yield hard("constraint", path, "of these attributes " + _wanted(kind))
    else:
        codes = {"Type": "wrong_type", "Enum": "wrong_value", "Constant": "wrong_value"}
        yield hard(codes.get(kind, "wrong_format"), path, kind)


def _wanted(kind: str) -> str:
    return "at least one is needed" if kind == "AnyOf" else "exactly one is needed"


def _check_type_uid(event: Mapping[str, Any], class_uid: int) -> Iterator[SchemaFinding]:
    activity, type_uid = event.get("activity_id"), event.get("type_uid")
    if not _is_integer(activity) or not _is_integer(type_uid):
        return
    if type_uid != class_uid * 100 + activity:
        yield hard("type_uid_mismatch", "type_uid", f"{class_uid} * 100 + {activity}")


def _constraint_paths(version: str, name: str) -> tuple[str, ...]:
    constraints = _schema(version)["classes"][name].get("constraints") or {}
    return tuple(path for paths in constraints.values() for path in paths)


def _check_dotted_constraints(
    event: Mapping[str, Any], version: str, name: str
) -> Iterator[SchemaFinding]:
    """Check constraints on attributes below the top (`device.os.version`)."""
    constraints = cast(
        dict[str, list[str]], _schema(version)["classes"][name].get("constraints") or {}
    )
    for constraint, paths in constraints.items():
        if not any("." in path for path in paths):
            continue
        present = sum(_at(event, *path.split(".")) is not None for path in paths)
        if present == 0 or (constraint == "just_one" and present > 1):
            yield hard("constraint", "", f"{constraint}: {', '.join(paths)}")


def _at(event: Mapping[str, Any], *steps: str) -> object:
    value: object = event
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = cast(dict[str, object], value).get(step)
    return value


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
