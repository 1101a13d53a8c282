"""A control catalogue as it was read: OSCAL, a compliance framework of a scanner, or a table."""

from __future__ import annotations

from typing import Literal

from schemas.base import Frozen

CatalogueFormat = Literal["oscal", "prowler", "table"]


class Control(Frozen):
    """One control, requirement or subcategory.

    `checks` are the checks that the catalogue itself assigns; None where it assigns none to any
    control, so that an empty tuple means "the catalogue knows of no check for this one".
    """

    control_uid: str
    title: str
    text: str = ""
    family: str = ""
    section: str = ""
    checks: tuple[str, ...] | None = None
    line: int = 0

    @property
    def label(self) -> str:
        """Name the control as a reader does: its id, and its title where that says more."""
        if not self.title or self.title.casefold() == self.control_uid.casefold():
            return self.control_uid
        return f"{self.control_uid} {self.title}"


class RejectedControl(Frozen):
    """An entry of a catalogue that is no control, and why."""

    where: str
    reason: str


class Catalogue(Frozen):
    """A catalogue with its controls in the order of the file.

    `names` are the names by which a finding may refer to the framework.
    """

    title: str
    version: str = ""
    format: CatalogueFormat
    path: str
    sha256: str
    names: tuple[str, ...]
    controls: tuple[Control, ...]
    rejected: tuple[RejectedControl, ...] = ()
    href: str = ""

    @property
    def is_mapped(self) -> bool:
        """Whether the catalogue itself assigns checks to controls."""
        return any(control.checks for control in self.controls)
