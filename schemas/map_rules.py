"""The rule-mapping scenario: detection rules in, ATT&CK techniques with probability and reason."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.base import Frozen
from schemas.query import Query

RuleKind = Literal["sigma", "splunk", "sentinel", "elastic", "query", "text"]
"""What a rule is written in: Sigma, Splunk searches, Sentinel or Elastic rules, other queries."""

ReasonKind = Literal["cue", "example", "procedure", "description", "model"]
Agreement = Literal["same", "parent", "other", "untagged"]
"""How the mapping stands to the rule's own tags: one technique in common, a parent, or none."""


class MapRulesRequest(Frozen):
    """Rule files, folders or glob patterns to map; `trained` names a file that training wrote."""

    paths: tuple[str, ...]
    trained: str | None = None
    title: str = ""
    top: int = Field(default=5, ge=1, le=50, description="techniques kept for each rule")
    tenant_uid: str = "default"
    formats: tuple[str, ...] = ("html", "md", "navigator")

    @property
    def query(self) -> Query:
        """The request as a query."""
        what = self.title or ", ".join(self.paths[:3]) + (", …" if len(self.paths) > 3 else "")
        return Query(
            text=f"Which ATT&CK techniques do these rules detect? ({what})",
            tenant_uid=self.tenant_uid,
        )


class RuleReason(Frozen):
    """Why a technique is given: words of the rule, or a known text that is like it."""

    kind: ReasonKind
    text: str
    source: str = ""


class MappedTechnique(Frozen):
    """A technique for a rule. `named` ones are the answer, the others were considered."""

    technique: str
    name: str
    tactics: tuple[str, ...]
    probability: float = Field(ge=0, le=1)
    named: bool
    reasons: tuple[RuleReason, ...] = ()


class MappedRule(Frozen):
    """A rule and what it detects. `own` has its tags in today's ids; they decide nothing."""

    rule_uid: str
    title: str
    author: str | None
    kind: RuleKind
    log_source: str
    path: str
    line: int
    own: tuple[str, ...]
    agreement: Agreement
    techniques: tuple[MappedTechnique, ...]

    @property
    def named(self) -> tuple[MappedTechnique, ...]:
        """The techniques that are the answer."""
        return tuple(one for one in self.techniques if one.named)


class RejectedRule(Frozen):
    """Something in a rule file that could not be used, and why."""

    path: str
    line: int
    reason: str


class MapRulesReport(Frozen):
    """Every rule with its techniques, what was set aside, and what the mapper learned from."""

    rules: tuple[MappedRule, ...]
    rejected: tuple[RejectedRule, ...]
    files: int
    trained_on: int = Field(description="labelled rules the mapper learned from; 0 when untrained")
    cut: float = Field(description="the probability from which a technique is named")
    meaning: bool = Field(description="whether sentence embeddings were at hand")


class RuleMapping(Frozen):
    """What a language model says one rule detects: ids with a quote of the rule for each."""

    rule_uid: str
    technique: str = Field(pattern=r"^[Tt]\d{4}(\.\d{3})?$")
    confidence: float = Field(ge=0, le=1)
    quote: str = Field(description="words of the rule, copied, that show the technique")


class MapRulesLeaf(Frozen):
    """What a language model gives for one part of the rules; code merges the parts."""

    mappings: tuple[RuleMapping, ...] = ()


class TrainingReport(Frozen):
    """What training learned from, and how well it would have mapped its own rules unseen.

    The figures leave each rule out when it is judged; sibling rules of one author stay in, so
    that rules of a new kind will do worse.
    """

    rules: int
    without_label: int
    rejected: int
    techniques: int
    unknown: tuple[str, ...]
    cut: float
    micro_f1: float
    parent_micro_f1: float
    recall_at_3: float
