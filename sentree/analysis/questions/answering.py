"""Answers a question by its family: a SELECT, a sentence, the events it rests on."""

from __future__ import annotations

from schemas.questions import EmbeddedAnswer
from sentree.analysis.questions.absence import answer_nothing
from sentree.analysis.questions.asked import Asked
from sentree.analysis.questions.comparisons import answer_compare
from sentree.analysis.questions.counts import answer_count, answer_exists
from sentree.analysis.questions.dimensions import DIMENSIONS
from sentree.analysis.questions.groups import answer_groups
from sentree.analysis.questions.listings import answer_edge, answer_events
from sentree.analysis.questions.sightings import answer_seen
from sentree.analysis.questions.surroundings import answer_around


class Answering(Asked):
    """Answers one reading of a question over a context."""

    def answer(self) -> EmbeddedAnswer:
        """Run what the question asks for and word it."""
        family = self.reading.family
        if family == "compare":
            return answer_compare(self)
        if family == "around":
            return answer_around(self)
        narrowed = self.reading.failed is not None or bool(self.reading.levels)
        if family == "exists" and self.reading.subject is None and self.entities and not narrowed:
            return answer_seen(self)
        totals = self.lookup.totals(self.where)
        if not totals.n:
            return answer_nothing(self, totals)
        dimension = DIMENSIONS.get(self.reading.dimension or "")
        if family in ("first", "last"):
            return answer_edge(self, totals)
        if family == "exists":
            return answer_exists(self, totals)
        if dimension is not None and family in ("list", "top", "bottom", "count"):
            return answer_groups(self, totals, dimension)
        if family in ("list", "when", "top", "bottom"):
            return answer_events(self, totals)
        return answer_count(self, totals)
