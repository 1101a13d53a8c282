"""The plan of a run: the root partition and the limits of its tree."""

from __future__ import annotations

from typing import NamedTuple

from schemas.context import ContextInfo
from schemas.trajectory import Partition
from sentree.engine.tree import TreeLimits
from sentree.settings import Settings


class Plan(NamedTuple):
    """Where the tree starts, and how far it may go."""

    root: Partition
    limits: TreeLimits


def plan_tree(info: ContextInfo, direct: bool, settings: Settings) -> Plan:
    """Plan the tree over a context; the direct path is a tree of one leaf."""
    root = Partition(window=info.window, events=info.events, characters=info.characters)
    budget = max(info.characters, 1) if direct else settings.leaf_characters
    return Plan(root, TreeLimits(leaf_characters=budget, max_depth=settings.max_depth))
