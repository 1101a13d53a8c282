"""Classification of raw records: to which OCSF category and class each belongs, and why."""

from __future__ import annotations

from schemas.base import Frozen
from schemas.claim import Evidence
from schemas.query import Query


class ClassifyRequest(Frozen):
    """Files to classify; `as_format` names the format where it shall not be told from the text.

    With `guess` a trained classifier tells the class of records of no known format.
    """

    paths: tuple[str, ...]
    as_format: str = "auto"
    guess: bool = True
    title: str = ""
    tenant_uid: str = "default"
    formats: tuple[str, ...] = ("html", "md")

    @property
    def query(self) -> Query:
        """The request as a query."""
        what = self.title or ", ".join(self.paths[:3]) + (", …" if len(self.paths) > 3 else "")
        return Query(
            text=f"To which OCSF classes do these records belong? ({what})",
            tenant_uid=self.tenant_uid,
        )


class ClassifiedRecord(Frozen):
    """One record. `line` is where it begins in the file; class 0 is Base Event: not known.

    `probability` is that of the trained classifier; None where a rule of a format decides.
    """

    file: str
    line: int
    record_uid: str
    category_uid: int
    category_name: str
    class_uid: int
    class_name: str
    format: str
    reason: str
    probability: float | None = None


class ClassCount(Frozen):
    """How many records belong to a class, of which formats, and some of them."""

    class_uid: int
    class_name: str
    category_uid: int
    category_name: str
    records: int
    formats: tuple[str, ...]
    examples: tuple[str, ...]


class UnknownCount(Frozen):
    """Records that stay Base Event for one reason, and some of them."""

    reason: str
    records: int
    examples: tuple[str, ...]


class UnusedLine(Frozen):
    """Text that is no record, where it stands, and why."""

    file: str
    line: int
    reason: str


class ClassifyReport(Frozen):
    """What all records are. `first` has the first ones; a file beside the result has all.

    `guessed` records have a class that the trained classifier told, not a rule.
    """

    files: int
    records: int
    unknown: int
    unused: int
    guessed: int = 0
    guessed_examples: tuple[str, ...] = ()
    classes: tuple[ClassCount, ...] = ()
    unknown_reasons: tuple[UnknownCount, ...] = ()
    unused_lines: tuple[UnusedLine, ...] = ()
    first: tuple[ClassifiedRecord, ...] = ()


class ClassFinding(Frozen):
    """What a language model takes a record for, with words of the record that tell it."""

    record_uid: str
    class_uid: int
    reason: str
    evidence: tuple[Evidence, ...]


class ClassifyLeaf(Frozen):
    """What a language model gives for one part of the records that code does not know."""

    findings: tuple[ClassFinding, ...] = ()
