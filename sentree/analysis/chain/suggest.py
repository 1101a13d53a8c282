"""The text-to-technique model as this scenario uses it: weighed for sentences of reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from models.techniques import Reason, Scored, Signals, TechniqueRanker, TechniqueText, load_embedder
from models.techniques.signals import NAMES
from models.techniques.weights import Weights, packaged_weights
from schemas.chain import TechniqueGuess
from sentree.analysis.chain.label import Suggested
from sentree.errors import UnreadableInputError
from sentree.intel.attack import technique
from sentree.intel.attack_texts import technique_texts
from sentree.intel.stix import plain
from sentree.intel.stix_read import find_files, read_file

TOP = 6
LEAST = 0.05
CACHE = "embeddings"
MAX_QUOTE = 160


class TechniqueWords:
    """Weighs words by the shared model, which is loaded when the first text needs it.

    Args:
        examples: STIX files whose relationships teach words.
        home: where embeddings are kept for the next time.
        meaning: compare sentence embeddings too; without them loading is faster and less is found.
    """

    def __init__(
        self, examples: Sequence[str] = (), home: Path | None = None, *, meaning: bool = True
    ) -> None:
        self._examples = tuple(examples)
        self._home = home
        self._meaning = meaning

    def suggest(self, texts: Sequence[str]) -> Sequence[Suggested]:
        """Give, for each text, the techniques it may speak of: distinct, likeliest first."""
        wanted = [number for number, text in enumerate(texts) if text.strip()]
        if not wanted:
            return [() for _ in texts]
        ranker = _ranker(self._examples, self._home, self._meaning)
        ranked = ranker.rank([texts[number] for number in wanted], TOP)
        found: list[Suggested] = [()] * len(texts)
        for number, scored in zip(wanted, ranked, strict=True):
            found[number] = tuple(
                _guess(one, texts[number]) for one in scored if one.probability >= LEAST
            )
        return found

    def choose(self, text: str, uids: Sequence[str]) -> Mapping[str, float]:
        """Weigh a few techniques, between which a text decides, by their words alone."""
        (scored,) = _few(tuple(sorted(uids))).rank([text], len(uids), reasons=False)
        return {one.uid: one.probability for one in scored}


def labelled_procedures(paths: Sequence[str]) -> dict[str, list[str]]:
    """Read what relationships in STIX files say of techniques, by technique id.

    Raises:
        UnreadableInputError: a path names nothing, or no file holds such a relationship.
    """
    found: dict[str, list[str]] = {}
    for path in find_files(paths):
        objects = read_file(path).objects
        uids = {one.uid: one.technique for one in objects if one.type == "attack-pattern"}
        for one in objects:
            uid = uids.get(one.text("target_ref")) if one.type == "relationship" else None
            text = plain(one.text("description"))
            if uid and text and one.text("relationship_type") == "uses":
                found.setdefault(technique(uid).uid, []).append(text)
    if not found:
        raise UnreadableInputError(
            f"{', '.join(paths)}: no relationship describes the use of a technique"
        )
    return found


@cache
def _ranker(examples: tuple[str, ...], home: Path | None, meaning: bool) -> TechniqueRanker:
    known = _known()
    if examples:
        more = labelled_procedures(examples)
        known = tuple(
            one._replace(procedures=tuple(dict.fromkeys((*one.procedures, *more.get(one.uid, ())))))
            for one in known
        )
    embedder = load_embedder(home and home / CACHE) if meaning else None
    signals = Signals(known, embedder)
    return TechniqueRanker(signals, _weights(), None)


@cache
def _few(uids: tuple[str, ...]) -> TechniqueRanker:
    return TechniqueRanker(Signals([one for one in _known() if one.uid in uids]), _weights(), None)


@cache
def _known() -> tuple[TechniqueText, ...]:
    return technique_texts("18.1")


@cache
def _weights() -> Weights:
    """Give the weights for prose; those for rules when the signals are no longer those fitted."""
    resource = files("models.data") / "technique_weights_prose.json"
    weights = Weights.model_validate_json(resource.read_bytes())
    return weights if weights.signals == NAMES else packaged_weights()


def _guess(one: Scored, text: str) -> TechniqueGuess:
    return TechniqueGuess(
        technique=one.uid,
        name=technique(one.uid).name,
        probability=round(one.probability, 3),
        basis="text",
        quote=_quote(one.reasons, text)[:MAX_QUOTE],
    )


def _quote(reasons: Sequence[Reason], text: str) -> str:
    """Give the words of the text that a technique rests on, as far as reasons name any."""
    low = text.casefold()
    for one in reasons:
        if one.kind == "cue":
            return one.text
        if one.kind == "description":
            held = [word for word in one.text.split(", ") if word.casefold() in low]
            if held:
                return ", ".join(held)
    return ""
