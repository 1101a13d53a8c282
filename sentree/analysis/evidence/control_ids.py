"""Control ids as producers spell them, brought to one form: AC-2(1)(a), ac_2_1_a, ac-02.01."""

from __future__ import annotations

import re

_PART = re.compile(r"[a-z]+|[0-9]+")
_PART_SUFFIX = re.compile(r"_(?:smt|obj|gdn|asm|prm|odp|fr).*$", re.IGNORECASE)
_REVISION = re.compile(r"\b(?:revision|rev\.?|version|ver\.?|v|r)[\s._-]*(?=\d)")
_NOISE_WORDS = """
nist sp special publication national institute of standards and technology the framework
security controls control for aws azure gcp kubernetes m365 github google cloud microsoft
standard standards rules rule guide baseline resolved profile
"""
_NOISE = frozenset(_NOISE_WORDS.split())

Key = tuple[str, ...]
"""The letters and numbers of an id in order; zeros in front of a number are gone."""


def control_key(control_uid: str) -> Key:
    """Give the parts of an id; the marker of a statement or objective of a control is cut off."""
    text = _PART_SUFFIX.sub("", control_uid.strip()).lower()
    return tuple(part.lstrip("0") or "0" for part in _PART.findall(text))


def parents(key: Key) -> list[Key]:
    """Give the key and those of the controls it is a lettered part of, the nearest first.

    AC-2(j) is a part of AC-2; AC-2(1) is a control of its own.
    """
    found = [key]
    while len(key) > 2:
        last, before = key[-1], key[-2]
        if last.isalpha() and len(last) == 1:
            key = key[:-1]
        elif last.isdigit() and before.isalpha() and len(before) == 1 and len(key) > 3:
            key = key[:-2]
        else:
            break
        found.append(key)
    return found


def framework_key(name: str) -> frozenset[str]:
    """Give the words and numbers that tell one framework from another, revision included."""
    text = _REVISION.sub(" ", name.lower().replace("_", " "))
    text = re.sub(r"(?<=\d)[-.](?=0\b)", " ", text)
    words = re.findall(r"[a-z]+|\d+(?:[.-]\d+)*", text.replace("800 53", "800-53"))
    kept = [word.replace("-", ".") for word in words if word not in _NOISE]
    return frozenset(word for word in kept if word != "0")


def same_framework(one: str, other: str) -> bool:
    """Tell whether two names mean one framework; one may leave out its revision."""
    left, right = framework_key(one), framework_key(other)
    if not left or not right:
        return False
    return left == right or (
        min(left, right, key=len) < max(left, right, key=len) and _revised(left, right)
    )


def _revised(left: frozenset[str], right: frozenset[str]) -> bool:
    extra = left ^ right
    core = left & right
    return bool(core) and all(word[0].isdigit() and len(word) <= 3 for word in extra)


def split_requirement(text: str) -> tuple[str, str]:
    """Split what some producers write in one string: `NIST.800-53.r5 AC-2(1)`."""
    framework, space, control = text.strip().rpartition(" ")
    if space and any(char.isdigit() for char in control):
        return framework, control
    framework, slash, control = text.strip().rpartition("/")
    return (framework, control) if slash else ("", text.strip())
