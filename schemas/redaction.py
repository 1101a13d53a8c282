"""What is taken out of a prompt before it leaves: the policy, and the account of what was done."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, field_validator

from schemas.base import Frozen

MOST_PATTERNS = 200
LONGEST_PATTERN = 500


class Action(StrEnum):
    """What happens to a value.

    `pseudonymise` puts a stable name in its place, which is turned back in the answer; `mask` puts
    a mark in its place that says of what kind it was; `drop` leaves nothing; `keep` sends it.
    """

    KEEP = "keep"
    PSEUDONYMISE = "pseudonymise"
    MASK = "mask"
    DROP = "drop"


class Entities(Frozen):
    """What happens to the people and machines of the events in scope."""

    users: Action = Action.KEEP
    hosts: Action = Action.KEEP
    addresses: Action = Action.KEEP
    emails: Action = Action.KEEP


class Names(Frozen):
    """Values to treat as users or hosts wherever they stand, also where no field names them."""

    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class RedactionPattern(Frozen):
    """A pattern of the user's own; with a group, only the group is replaced."""

    regex: str = Field(min_length=1, max_length=LONGEST_PATTERN)
    action: Action = Action.MASK


class RedactionPolicy(Frozen):
    """What may not reach a language model.

    `secrets` (keys, tokens, passwords) are masked unless they are kept by name. `fields` are OCSF
    paths: the values that the events in scope have there are replaced wherever they stand.
    `local_models` says whether a model on this machine is treated like any other (`all`), or gets
    everything but secrets (`secrets`). `source` is the file's name, `default` or `off`.
    """

    secrets: Literal["mask", "keep"] = "mask"
    local_models: Literal["all", "secrets"] = "all"
    keep_secrets: tuple[str, ...] = ()
    entities: Entities = Entities()
    names: Names = Names()
    fields: dict[str, Action] = Field(default={})
    patterns: dict[str, RedactionPattern] = Field(default={}, max_length=MOST_PATTERNS)
    source: str = "default"

    @field_validator("patterns", mode="before")
    @classmethod
    def _bare_patterns(cls, value: object) -> object:
        """Take a pattern that is written as its text alone."""
        if not isinstance(value, dict):
            return value
        pairs: dict[object, object] = value
        return {k: {"regex": v} if isinstance(v, str) else v for k, v in pairs.items()}

    @property
    def is_off(self) -> bool:
        """Whether nothing at all is replaced."""
        return self.secrets == "keep" and not self.has_names and not self.patterns

    @property
    def has_names(self) -> bool:
        """Whether values other than secrets are replaced."""
        entities = self.entities
        every = (entities.users, entities.hosts, entities.addresses, entities.emails)
        return any(one is not Action.KEEP for one in (*every, *self.fields.values()))

    def summary(self) -> str:
        """Say in one line what is done."""
        if self.is_off:
            return "off: everything is sent as it stands"
        done = ["secrets masked" if self.secrets == "mask" else "secrets SENT"]
        named = {**self.entities.model_dump(mode="json"), **self.fields}
        done += [f"{name}: {action}" for name, action in named.items() if action != Action.KEEP]
        if self.patterns:
            done.append(f"{len(self.patterns)} patterns of your own")
        return f"{', '.join(done)} ({self.source})"


OFF = RedactionPolicy(secrets="keep", source="off")


class RedactionAccount(Frozen):
    """What was replaced in all that was sent, each distinct value counted once, by kind."""

    masked: dict[str, int] = Field(default={})
    pseudonymised: dict[str, int] = Field(default={})

    def sentence(self) -> str:
        """Say it in one line."""
        return (
            f"{sum(self.masked.values()):,} secrets or values masked{_kinds(self.masked)}, "
            f"{sum(self.pseudonymised.values()):,} pseudonymised{_kinds(self.pseudonymised)}"
        )


def _kinds(counts: dict[str, int]) -> str:
    kinds = ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items()))
    return f" ({kinds})" if kinds else ""
