"""What mappers of firewalls with many rules share: how they write a rule."""

from __future__ import annotations

from dataclasses import dataclass

from ocsf.mapping import Expression, Rule, Tree

When = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Rules:
    """Writes a product's rules: each has its common tree, and its severity unless told."""

    common: Tree
    severity: Expression | int

    def __call__(
        self,
        name: str,
        uid: int,
        activity: Expression | int,
        tree: Tree,
        *when: When,
        severity: Expression | int | None = None,
    ) -> Rule:
        """Give a rule; its own tree wins over the common one."""
        return Rule(
            name=name,
            class_uid=uid,
            activity_id=activity,
            severity_id=self.severity if severity is None else severity,
            tree={**self.common, **tree},
            when=when,
        )


def one_of(name: str, *values: str) -> When:
    """Give the condition that a field is one of these, in lower case."""
    return name, frozenset(values)
