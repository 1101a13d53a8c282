"""Evidence marks: every cited event gets one number, the same in every format of a report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from schemas.claim import Evidence
from schemas.event import CitedEvent
from schemas.result import Result


@dataclass(frozen=True, slots=True)
class Citations:
    """Numbers of cited events in reading order, and the events that the document carries."""

    numbers: dict[str, int]
    events: dict[str, CitedEvent]

    def mark(self, event_uid: str) -> str:
        """Give the mark of an event, e.g. `E12`."""
        return f"E{self.numbers[event_uid]}"

    def marks(self, evidence: Iterable[Evidence]) -> list[str]:
        """Give the marks of several citations, each once."""
        return list(dict.fromkeys(self.mark(one.event_uid) for one in evidence))

    def of_uids(self, event_uids: Iterable[str]) -> list[str]:
        """Give the marks of events by uid, each once; an unnumbered uid has none."""
        return [self.mark(uid) for uid in dict.fromkeys(event_uids) if uid in self.numbers]

    def uid(self, mark: str) -> str | None:
        """Give the event uid behind a mark, if there is one."""
        return next((uid for uid in self.numbers if self.mark(uid) == mark.upper()), None)


def number_citations(result: Result) -> Citations:
    """Number cited events as a reader meets them: summary, timeline, the rest."""
    uids = dict.fromkeys(_in_reading_order(result))
    return Citations(
        numbers={uid: number for number, uid in enumerate(uids, start=1)},
        events={event.event_uid: event for event in result.cited_events},
    )


def _in_reading_order(result: Result) -> Iterator[str]:
    for claim in result.summary:
        yield from (one.event_uid for one in (*claim.evidence, *claim.against))
    if result.timeline is not None:
        for entry in result.timeline.entries:
            yield from (one.event_uid for one in entry.evidence)
        for gap in result.timeline.gaps:
            yield from (uid for uid in (gap.before_uid, gap.after_uid) if uid)
        for episode in result.timeline.episodes:
            yield from (one.event_uid for one in episode.evidence)
    for section in result.sections:
        for claim in section.claims:
            yield from (one.event_uid for one in (*claim.evidence, *claim.against))
        for table in section.tables:
            for row in table.rows:
                yield from row.evidence
    yield from (event.event_uid for event in result.cited_events)


class LinkedMarks:
    """Hands out marks for one page and remembers which events the page links to."""

    def __init__(self, citations: Citations) -> None:
        self.citations = citations
        self._linked: dict[str, None] = {}

    @property
    def linked(self) -> list[str]:
        """Event uids in the order in which the page first links to them."""
        return list(self._linked)

    def of(self, evidence: Iterable[Evidence], limit: int) -> list[str]:
        """Give at most `limit` marks of the evidence."""
        return self.of_uids((one.event_uid for one in evidence), limit)

    def of_uids(self, event_uids: Iterable[str], limit: int) -> list[str]:
        """Give at most `limit` marks of the events."""
        known = (uid for uid in dict.fromkeys(event_uids) if uid in self.citations.numbers)
        chosen = list(islice(known, limit))
        self._linked.update(dict.fromkeys(chosen))
        return [self.citations.mark(uid) for uid in chosen]
