"""Makes the ranker for rules: untrained from ATT&CK alone, or from a file that training wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from models.techniques import (
    CachedEmbedder,
    Example,
    Scored,
    Signals,
    TechniqueRanker,
    load_embedder,
)
from models.techniques.trained import Trained, TrainedError
from schemas.map_rules import (
    Agreement,
    MappedRule,
    MappedTechnique,
    MapRulesReport,
    RejectedRule,
    RuleReason,
)
from sentree.analysis.map_rules.reading import RuleFile
from sentree.analysis.map_rules.texts import RuleText
from sentree.errors import ConfigurationError
from sentree.intel import attack
from sentree.intel.attack_texts import technique_texts
from sentree.settings import Settings

EDITION = "19"


class Ground(NamedTuple):
    """ATT&CK ready to be compared with, and the sentence encoder if it is installed."""

    signals: Signals
    embedder: CachedEmbedder | None


def load_ground(settings: Settings) -> Ground:
    """Read ATT&CK's texts; their embeddings are kept under the home folder."""
    embedder = load_embedder(settings.home / "cache")
    return Ground(Signals(technique_texts(EDITION), embedder), embedder)


def load_mapper(ground: Ground, trained: str | None) -> TechniqueRanker:
    """Give the untrained ranker, or the one that a trained file describes.

    Raises:
        ConfigurationError: the file is missing, damaged, or was made with another encoder.
    """
    if trained is None:
        return TechniqueRanker.untrained(ground.signals)
    try:
        stored = Trained.read(Path(trained))
    except TrainedError as error:
        raise ConfigurationError(f"{error}; make it again with sentree map-rules train") from None
    body = ground.embedder.body if ground.embedder else ""
    if stored.body != body or stored.edition != EDITION:
        raise ConfigurationError(
            f"trained file {trained} was made with another sentence encoder or ATT&CK edition: "
            "make it again with sentree map-rules train"
        )
    examples = [Example(one.text, one.techniques, one.source) for one in stored.examples]
    return TechniqueRanker.restore(ground.signals, examples, stored.weights, stored.vector_rows())


def map_files(ranker: TechniqueRanker, files: Sequence[RuleFile], top: int) -> MapRulesReport:
    """Map every rule of some files."""
    rules = [rule for file in files for rule in file.rules]
    ranked = ranker.rank([rule.text for rule in rules], top)
    rejected: list[RejectedRule] = [one for file in files for one in file.rejected]
    return MapRulesReport(
        rules=tuple(map_rule(rule, scored) for rule, scored in zip(rules, ranked, strict=True)),
        rejected=tuple(rejected),
        files=len(files),
        trained_on=len(ranker.examples.examples) if ranker.examples else 0,
        cut=ranker.weights.cut,
        meaning=ranker.known.embeds,
    )


def map_rule(rule: RuleText, scored: Sequence[Scored]) -> MappedRule:
    """Write down what was found for one rule, and how it stands to the rule's own tags."""
    techniques = tuple(_mapped(one) for one in scored)
    own = today(rule.own)
    return MappedRule(
        rule_uid=rule.uid,
        title=rule.title,
        author=rule.author,
        kind=rule.kind,
        log_source=rule.log_source,
        path=rule.path,
        line=rule.line,
        own=own,
        agreement=agreement(own, [one.technique for one in techniques if one.named]),
        techniques=techniques,
    )


def today(uids: Sequence[str]) -> tuple[str, ...]:
    """Bring technique ids to today's; those that ATT&CK does not have are left out."""
    found = (attack.current(uid) for uid in uids)
    return tuple(dict.fromkeys(one.uid for one in found if one.known))


def agreement(own: Sequence[str], named: Sequence[str]) -> Agreement:
    """Say how far a mapping agrees with a rule's own tags."""
    if not own:
        return "untagged"
    if set(own) & set(named):
        return "same"
    parents = {uid.partition(".")[0] for uid in own} & {uid.partition(".")[0] for uid in named}
    return "parent" if parents else "other"


def _mapped(one: Scored) -> MappedTechnique:
    technique = attack.current(one.uid)
    return MappedTechnique(
        technique=technique.uid,
        name=technique.name,
        tactics=technique.tactics,
        probability=round(one.probability, 4),
        named=one.named,
        reasons=tuple(
            RuleReason(kind=reason.kind, text=reason.text, source=reason.source)
            for reason in one.reasons
        ),
    )
