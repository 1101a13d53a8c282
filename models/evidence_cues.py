"""What a control asks for and what a check looks at, as cues found in their wording.

The tables are general practice written down by hand: `evidence_cues.yml` says how a topic is
worded, `evidence_expected.yml` which checks an assessor looks at for what a control asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import yaml

Doubles = npt.NDArray[np.float64]

TITLE_SHARE = 0.7
"""How much of a check's cue counts when its name or title has it; the rest needs only the text."""

SECTION_SHARE = 0.5
LEAD_SHARE = 0.3
"""What is added to an activity that a control begins with: "log privileged use" is about logs."""

LEAD_LENGTH = 60
FAMILY_SHARE = 0.3
_BLANKS = re.compile(
    r"\[?(?:assignment|selection)(?: \(one or more\))?:\s*(?:organization-defined)?|\{\{[^}]*\}\}",
    re.IGNORECASE,
)


_ITEM = re.compile(r"(?:^|[:;,.]\s*)\(?(?:[a-z]|\d{1,2})[.)]\s+")
"""Where an item of a list begins: the control is about its last one, the others lead up to it."""


class ControlText(NamedTuple):
    """The wording of a control: what it says itself, its section, and its family."""

    title: str
    text: str
    section: str = ""
    family: str = ""

    @property
    def own(self) -> str:
        """Title and text; of a blank that an organisation fills in, what it is about."""
        return _BLANKS.sub(" ", f"{self.title}. {self.text}").strip()

    @property
    def lead(self) -> str:
        """How what it asks for begins, after the items of a list that lead up to it."""
        plain = _BLANKS.sub(" ", self.text)
        return (_ITEM.split(plain)[-1].strip() or plain)[:LEAD_LENGTH]

    @property
    def whole(self) -> str:
        """Everything, the general before the particular."""
        return " ".join(filter(None, (self.family, self.section, self.own)))


class CheckText(NamedTuple):
    """The wording of a check: its name, title, what it looks at, the risk, and its topics."""

    name: str
    title: str
    text: str = ""
    risk: str = ""
    topics: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The name, also in words, with title and topics."""
        return " ".join((self.name, self.name.replace("_", " "), self.title, *self.topics))

    @property
    def about(self) -> str:
        """Title and text."""
        return f"{self.title}. {self.text}"


class _Tables(NamedTuple):
    control: tuple[re.Pattern[str], ...]
    check: tuple[re.Pattern[str], ...]
    unseen: tuple[re.Pattern[str], ...]
    control_names: tuple[str, ...]
    check_names: tuple[str, ...]
    expected: Doubles
    activities: Doubles


def control_cues(controls: Sequence[ControlText]) -> Doubles:
    """Give a row per control: how much it speaks of each topic; 1 is said, more is its subject."""
    patterns, activities = _tables().control, _tables().activities
    own = found_in(patterns, [one.own for one in controls])
    section = found_in(patterns, [one.section for one in controls]) * SECTION_SHARE
    family = found_in(patterns, [one.family for one in controls]) * FAMILY_SHARE
    lead = found_in(patterns, [one.lead for one in controls]) * activities
    return np.maximum(np.maximum(own, section), family) * (1 + LEAD_SHARE * lead)


def control_cue_names() -> tuple[str, ...]:
    """Name the columns of `control_cues`."""
    return _tables().control_names


def control_topics(controls: Sequence[ControlText], names: Sequence[str]) -> Doubles:
    """Give a row per control: 1 for each of the named topics that its own wording has."""
    tables = _tables()
    patterns = [tables.control[tables.control_names.index(name)] for name in names]
    return found_in(patterns, [one.own for one in controls])


def check_cues(checks: Sequence[CheckText]) -> Doubles:
    """Give a row per check: how much it looks at each thing, 0 to 1."""
    patterns = _tables().check
    headings = [one.heading for one in checks]
    title = found_in(patterns, headings)
    text = found_in(
        patterns, [f"{head} {one.text}" for head, one in zip(headings, checks, strict=True)]
    )
    return title * TITLE_SHARE + text * (1 - TITLE_SHARE)


def beyond_scans(controls: Sequence[ControlText]) -> npt.NDArray[np.bool_]:
    """Tell which controls ask for what no scan of a system can show."""
    found = found_in(_tables().unseen, [one.own for one in controls])
    return np.asarray(found.any(axis=1), dtype=np.bool_)


def expected() -> Doubles:
    """Give the weight, 0 to 5, of each check cue (column) for each control cue (row)."""
    return _tables().expected


class SharedTopics:
    """Names what a control and a check are both about."""

    def __init__(self, controls: Sequence[ControlText], checks: Sequence[CheckText]) -> None:
        self._asked = control_cues(controls)
        self._looked = check_cues(checks)

    def names(self, control: int, check: int) -> tuple[str, ...]:
        """Name the control's topics for which the check is expected, the strongest first."""
        tables = _tables()
        strength = self._asked[control] * (tables.expected * self._looked[check]).max(axis=1)
        order = np.argsort(-strength, kind="stable")
        return tuple(
            tables.control_names[int(at)].replace("_", " ") for at in order if strength[at] > 0
        )


def found_in(patterns: Sequence[re.Pattern[str]], texts: Sequence[str]) -> Doubles:
    """Give a row per text: 1 for each pattern that it has in lower case."""
    rows = [[pattern.search(text.lower()) is not None for pattern in patterns] for text in texts]
    return np.array(rows, dtype=np.float64).reshape(len(texts), len(patterns))


@cache
def _tables() -> _Tables:
    folder = files("models") / "data"
    cues: dict[str, Any] = yaml.safe_load((folder / "evidence_cues.yml").read_text("utf-8"))
    weights: dict[str, dict[str, float]] = yaml.safe_load(
        (folder / "evidence_expected.yml").read_text("utf-8")
    )
    control, check = tuple(cues["control"]), tuple(cues["check"])
    expected_weights = np.zeros((len(control), len(check)))
    for asked, looked in weights.items():
        for name, weight in looked.items():
            expected_weights[control.index(asked), check.index(name)] = weight
    compiled = {
        part: tuple(re.compile(pattern) for pattern in cues[part].values())
        for part in ("control", "check", "unseen")
    }
    return _Tables(
        compiled["control"],
        compiled["check"],
        compiled["unseen"],
        control,
        check,
        expected_weights,
        np.array([float(name in cues["activities"]) for name in control]),
    )
