"""The embedded analyst's way to answer a question: read it, look names up, run a SELECT."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from schemas.ports import ContextReader
from schemas.query import Query
from schemas.questions import EmbeddedAnswer
from schemas.window import Window
from sentree.analysis.questions.answering import Answering
from sentree.analysis.questions.asked import Scope
from sentree.analysis.questions.composed import answer_composed
from sentree.analysis.questions.entities import QUESTION_LIMIT, Entity, Token, clean, tokenise
from sentree.analysis.questions.lexicon import PHRASES
from sentree.analysis.questions.pairs import answer_pairs, read_pairs
from sentree.analysis.questions.parts import Reading, Unanswerable
from sentree.analysis.questions.reading import read_question
from sentree.analysis.questions.resolve import correct, is_word, resolve_names
from sentree.analysis.questions.times import AROUND, TICK, TimeReading, UnclearTimeError, read_times
from sentree.analysis.sql_texts import sql_text
from sentree.intel import attack

CONFIGURE = (
    "set ANTHROPIC_API_KEY for Claude, or name a Messages-API server with --base-url and --model"
)
LONGEST_NAME = 6
MOST_ALIKE = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def answer_question(context: ContextReader, query: Query) -> EmbeddedAnswer:
    """Answer a question by SQL, or decline it in one line that names what to configure.

    The context is the slice that the query's window, entity and condition made already. The
    question is data: whatever it holds, it is only ever bound to fixed SQL.
    """
    scope = _scope(context)

    def understood(text: str) -> Answering:
        reading = _read(context, query.model_copy(update={"text": text}), scope)
        return Answering(context, scope, reading)

    def simple(text: str) -> EmbeddedAnswer:
        return understood(text).answer()

    try:
        if len(query.text) > QUESTION_LIMIT:
            return simple(query.text)
        text = clean(query.text)
        if (pairs := read_pairs(text)) is not None:
            return answer_pairs(pairs, understood)
        return answer_composed(text, simple) or simple(query.text)
    except Unanswerable as reason:
        return _decline(str(reason))
    except UnclearTimeError:
        return _decline("its times don't make one window")


def _decline(reason: str) -> EmbeddedAnswer:
    line = f"This question needs a language model ({reason}): {CONFIGURE}."
    return EmbeddedAnswer(declined=line, interpreted_as=f"not understood as a lookup: {reason}")


def _scope(context: ContextReader) -> Scope:
    [row] = context.query(sql_text("question_scope"))
    return Scope(row["events"], row["first"], row["last"])


def _read(context: ContextReader, query: Query, scope: Scope) -> Reading:
    if len(query.text) > QUESTION_LIMIT:
        raise Unanswerable(f"it is longer than {QUESTION_LIMIT:,} characters")
    text = clean(query.text)
    if not text:
        raise Unanswerable("it is empty")
    time, rest = read_times(text, _span(query, scope))
    tokens = _with_event(context, tokenise(rest))
    known = resolve_names(context, tokens)
    tokens = _techniques(tokens, known)
    tokens, notes = _corrected(tokens, known)
    reading = read_question(tokens, known, time)
    reading.notes += notes
    return _around_event(context, reading)


def _span(query: Query, scope: Scope) -> Window:
    """Give the span that "yesterday" and "last 24h" look back from the end of."""
    if query.window is not None:
        return query.window
    if scope.first is None or scope.last is None:
        return Window(start=_EPOCH, end=_EPOCH + timedelta(days=1))
    return Window(start=scope.first, end=scope.last + TICK)


def _with_event(context: ContextReader, tokens: list[Token]) -> list[Token]:
    """Tell event uids from hashes of the same length: the context has the event."""
    uids = [
        token.entity.value
        for token in tokens
        if token.entity and token.entity.kind == "hash" and len(token.entity.value) == 32
    ]
    if not uids:
        return tokens
    rows = context.query(
        "SELECT event_uid FROM events WHERE list_contains($uids::VARCHAR[], event_uid)",
        {"uids": uids},
    )
    there = {row["event_uid"] for row in rows}
    return [
        Token(token.text, replace(token.entity, kind="uid"))
        if token.entity and token.entity.value in there
        else token
        for token in tokens
    ]


def _corrected(
    tokens: list[Token], known: dict[str, tuple[str, ...]]
) -> tuple[list[Token], list[str]]:
    """Undo typos in words that are neither understood nor names, and say so."""
    result: list[Token] = []
    notes: list[str] = []
    for token in tokens:
        better = correct(token.text) if _is_unknown(token, known) else None
        if better:
            notes.append(f"'{token.text}' read as '{better}'")
        result.append(Token(better) if better else token)
    return result, notes


def _is_unknown(token: Token, known: dict[str, tuple[str, ...]]) -> bool:
    return token.entity is None and not is_word(token.text) and token.text not in known


def _is_filler(word: str) -> bool:
    cue = PHRASES.get(word)
    return cue is not None and cue.kind in ("stop", "role", "join", "family", "decline")


def _techniques(tokens: list[Token], known: dict[str, tuple[str, ...]]) -> list[Token]:
    """Find the names of ATT&CK techniques among words that are not understood otherwise."""
    result = list(tokens)
    for length in range(LONGEST_NAME, 0, -1):
        at = 0
        while at + length <= len(result):
            part = result[at : at + length]
            at += 1
            words = all(token.entity is None for token in part)
            if not words or not any(_is_unknown(token, known) for token in part):
                continue
            phrase = " ".join(token.text for token in part)
            uids = attack.named(phrase)
            exact = bool(uids) and attack.technique(uids[0]).name.lower() == phrase
            filler = any(_is_filler(token.text) for token in part)
            vague = length == 1 or filler or len(uids) > MOST_ALIKE
            if not uids or (vague and not exact):
                continue
            found = [Token(uid, Entity("technique", uid)) for uid in uids]
            result[at - 1 : at - 1 + length] = found
    return result


def _around_event(context: ContextReader, reading: Reading) -> Reading:
    """Put the time of the event that is named in the place of its uid."""
    uid = next((entity for entity in reading.entities if entity.kind == "uid"), None)
    if uid is None or reading.family != "around":
        return reading
    [row] = context.query(
        "SELECT time, host FROM events WHERE event_uid = $uid ORDER BY time LIMIT 1",
        {"uid": uid.value},
    )
    if row["time"] is None:
        raise Unanswerable("the event it names has no time")
    moment = row["time"].replace(tzinfo=UTC)
    side = reading.time.margin or AROUND
    window = Window(start=moment - side, end=moment + side + TICK)
    others = [entity for entity in reading.entities if entity is not uid]
    if not others and row["host"]:
        others = [Entity("host", row["host"], "on")]
    notes = [*reading.notes, f"around event {uid.value}"]
    return replace(
        reading, entities=others, time=TimeReading(window, margin=side, around=True), notes=notes
    )
