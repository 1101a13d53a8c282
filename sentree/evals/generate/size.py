"""Fits an incident to a size in tokens: how many benign events, and how much of the story."""

from __future__ import annotations

import json
from collections.abc import Iterable
from random import Random

from schemas.scenario import CHARACTERS_A_TOKEN, IncidentSpec, Noise
from sentree.evals.generate import hostile
from sentree.evals.generate.background import Background
from sentree.evals.generate.emission import Emission
from sentree.evals.generate.story import Deed, Story
from sentree.evals.generate.world import World

_STORY_SHARE = 0.6
"""The most of a small incident that its story may take."""
_SAMPLE_EVENTS = 3_000
_DELIVERED_TWICE = {Noise.NONE: 0.0, Noise.NORMAL: 0.04, Noise.HIGH: 0.04}


def fit(spec: IncidentSpec, world: World, story: Story) -> IncidentSpec:
    """Cut a story to its share of `spec.tokens`; gives the specification of the benign rest.

    Further traces go first, those of late steps before those of early ones, then late steps.
    """
    budget = (spec.tokens or 0) * CHARACTERS_A_TOKEN / (1 + _DELIVERED_TWICE[spec.noise])
    cut_story(story, budget * _STORY_SHARE)
    told = sum(map(_deed_size, story.deeds)) + _size(hostile.hostile_events(world, spec))
    count = max(0, round((budget - told) / benign_size(spec, world)))
    return spec.model_copy(update={"benign_events": count})


def cut_story(story: Story, characters: float) -> None:
    """Take traces and steps off the end of a story until it fits."""
    total = sum(map(_deed_size, story.deeds))
    for number in range(len(story.deeds) - 1, -1, -1):
        if total <= characters:
            return
        deed = story.deeds[number]
        total -= _size(deed.related)
        story.deeds[number] = Deed(
            deed.technique, deed.tactic, deed.host, deed.user, deed.description, deed.records, ()
        )
    while len(story.deeds) > 1 and total > characters:
        total -= _deed_size(story.deeds.pop())


def benign_size(spec: IncidentSpec, world: World) -> float:
    """Measure how much text an event of the benign budget makes, over the days in small.

    Some work stands beside the budget, so an event makes more than one record.
    """
    sample = spec.model_copy(update={"benign_events": _SAMPLE_EVENTS, "tokens": None})
    hours = Background(world, sample).hours()
    records = list(_flat(hours))
    chosen = Random(0).sample(records, min(len(records), 1_000))
    share = len(records) / _SAMPLE_EVENTS
    return max(_size(chosen) / max(len(chosen), 1) * share, 1.0)


def _flat(hours: Iterable[list[Emission]]) -> Iterable[Emission]:
    return (record for hour in hours for record in hour)


def _deed_size(deed: Deed) -> int:
    return _size(deed.records) + _size(deed.related)


def _size(records: Iterable[Emission]) -> int:
    return sum(
        len(one.record)
        if isinstance(one.record, str)
        else len(json.dumps(one.record, ensure_ascii=False, separators=(",", ":")))
        for one in records
    )
