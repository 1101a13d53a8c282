"""The redactor of a run: requests on their way out, answers on their way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any, cast

from schemas.agent_state import NodeState
from schemas.model import (
    Block,
    Message,
    ModelReply,
    ModelRequest,
    SystemPart,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from schemas.redaction import Action, RedactionAccount, RedactionPolicy
from schemas.trajectory import NodeRecord
from sentree.engine.redaction.names import KnownNames, find_addresses, find_emails
from sentree.engine.redaction.pseudonyms import LOOKS, REVERSIBLE, Pseudonyms
from sentree.engine.redaction.secrets import find_secrets, mask_encoded
from sentree.engine.redaction.spans import Span, ascii_lower, outermost

Change = Callable[[str], str]
MARK = re.compile(r"<masked-([a-z][a-z0-9-]{0,40}?)(?:-([0-9a-f]{8}))?>")
NOTE = (
    "Some values in the data are pseudonyms, such as user-3f2a9c1d or lanip-91bc22e0: the same "
    "value always has the same one, and its case is that of the value. Use them as they stand, in "
    "code, in SQL and in answers: they are turned back. `<masked-...>` is a value that you are not "
    "shown."
)
_MOST_KEPT = 512
_LONGEST_KEPT = 50_000
_MARKED = "<mark>"
_KINDS = {"users": "user", "hosts": "host"}
_UNSAFE_NAME = re.compile(r"[^a-z0-9]+")


class Redactor:
    """Takes out of texts what a policy names. Any thread may use it.

    Args:
        policy: What is replaced, and how.
        key: What pseudonyms and marks are made with; the same key gives the same ones. Without
            one, marks have no tag that tells one value from another.
        known: Values by the name of their entity (`users`, `hosts`) or by OCSF path.
    """

    def __init__(
        self,
        policy: RedactionPolicy,
        key: bytes | None = None,
        known: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.policy = policy
        self._pseudonyms = Pseudonyms(key or b"")
        self._tagged = key is not None
        self._actions: dict[str, Action] = {}
        self._patterns = {
            _kind(name): (re.compile(one.regex), one.action)
            for name, one in policy.patterns.items()
        }
        self._names = KnownNames(self._named(known or {}))
        self._replaces_names = policy.has_names or any(
            action is Action.PSEUDONYMISE for _, action in self._patterns.values()
        )
        self._lock = Lock()
        self._marks: set[tuple[str, str]] = set()
        self._kept: dict[str, str] = {}

    def _named(self, known: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
        entities, names = self.policy.entities, self.policy.names
        values: dict[str, list[str]] = {}
        for entity, action, own in (
            ("users", entities.users, names.users),
            ("hosts", entities.hosts, names.hosts),
        ):
            if action is not Action.KEEP:
                kind = _KINDS[entity]
                self._actions[kind] = action
                values[kind] = [*own, *known.get(entity, ())]
        for path, action in self.policy.fields.items():
            if action is not Action.KEEP:
                kind = _kind(path)
                self._actions[kind] = action
                values[kind] = list(known.get(path, ()))
        self._actions["mail"] = entities.emails
        self._actions["ip"] = self._actions["lanip"] = entities.addresses
        return values

    # Texts.

    def text(self, text: str) -> str:
        """Give a text as it may be sent."""
        if self.policy.is_off or not text:
            return text
        done = self._kept.get(text)
        if done is None:
            done = self.own(self.masked(text))
            # A conversation is sent again every turn.
            if len(self._kept) >= _MOST_KEPT or len(text) > _LONGEST_KEPT:
                self._kept.clear()
            self._kept[text] = done
        self._count(done)
        return done

    def own(self, text: str) -> str:
        """Give a text that the model wrote as it goes back: it was never shown a secret."""
        return self._renamed(text) if self._replaces_names else text

    def masked(self, text: str) -> str:
        """Give a text without secrets; names stand as they were. Done again it changes nothing."""
        if self.policy.secrets == "keep":
            return text
        return mask_encoded(self._without_secrets(text), self._without_secrets)

    def back(self, text: str) -> str:
        """Put the values in the place of pseudonyms; what was masked stays so."""
        return self._pseudonyms.back(text) if self._replaces_names else text

    def _without_secrets(self, text: str) -> str:
        kept = self.policy.keep_secrets
        spans = [
            span
            for span in find_secrets(text)
            if span.kind not in kept and not MARK.fullmatch(text, span.start, span.end)
        ]
        return _replaced(text, spans, self._mark) if spans else text

    def _mark(self, kind: str, value: str) -> str:
        tag = f"-{self._pseudonyms.tag('secret', value)}" if self._tagged else ""
        return f"<masked-{kind}{tag}>"

    def _renamed(self, text: str) -> str:
        spans = [Span(*found.span(), "text") for found in LOOKS.finditer(text)]
        if self._names:
            spans += self._names.find(ascii_lower(text))
        if self._actions["mail"] is not Action.KEEP:
            spans += find_emails(text)
        if self._actions["ip"] is not Action.KEEP:
            spans += find_addresses(text)
        for kind, (pattern, _) in self._patterns.items():
            for found in pattern.finditer(text):
                group = 1 if pattern.groups and found[1] is not None else 0
                spans.append(Span(*found.span(group), kind))
        spans += [Span(*found.span(), _MARKED) for found in MARK.finditer(text)]
        return _replaced(text, outermost(one for one in spans if one.end > one.start), self._name)

    def _name(self, kind: str, value: str) -> str:
        if kind == _MARKED:
            return value
        if kind == "text":
            return self._pseudonyms.of("text", value)
        own = self._patterns.get(kind)
        action = own[1] if own is not None else self._actions[kind]
        if action is Action.DROP:
            return ""
        if action is Action.PSEUDONYMISE and REVERSIBLE.fullmatch(value):
            shown = kind if kind in ("user", "host", "mail", "ip", "lanip") else "name"
            return self._pseudonyms.of(shown, value)
        return value if action is Action.KEEP else self._mark(kind, value)

    def _count(self, text: str) -> None:
        if "<masked-" in text:
            found = {(match[1], match[2] or "") for match in MARK.finditer(text)}
            with self._lock:
                self._marks |= found

    # Conversations.

    def request(self, request: ModelRequest) -> ModelRequest:
        """Give a request as it may be sent: every text in it, also what the model said before."""
        if self.policy.is_off:
            return request
        system = tuple(
            part.model_copy(update={"text": self.masked(part.text)}) for part in request.system
        )
        if self._replaces_names:
            system = (*system, SystemPart(text=NOTE))
        update: dict[str, Any] = {"system": system, "messages": self.messages(request.messages)}
        if request.output_schema is not None:
            update["output_schema"] = _walked(request.output_schema, self.text)
        return request.model_copy(update=update)

    def messages(self, messages: Iterable[Message]) -> tuple[Message, ...]:
        """Give turns of a conversation as they may be sent."""
        return tuple(
            one.model_copy(
                update={
                    "content": tuple(
                        _changed(block, self.own if one.role == "assistant" else self.text)
                        for block in one.content
                    )
                }
            )
            for one in messages
        )

    def reply(self, reply: ModelReply) -> ModelReply:
        """Give a reply with the values in the place of pseudonyms."""
        if not self._replaces_names:
            return reply
        content = tuple(_changed(block, self.back) for block in reply.content)
        return reply.model_copy(update={"content": content})

    def restored(self, messages: Iterable[Message]) -> tuple[Message, ...]:
        """Give turns that were kept as they were sent with the values put back."""
        return tuple(
            one.model_copy(update={"content": tuple(_changed(b, self.back) for b in one.content)})
            for one in messages
        )

    # What is kept.

    def record(self, record: NodeRecord) -> NodeRecord:
        """Give a record of the trajectory with what was said as it was sent."""
        if self.policy.is_off:
            return record
        return record.model_copy(
            update={
                "code": None if record.code is None else self.own(record.code),
                "output": None if record.output is None else self.text(record.output),
                "error": None if record.error is None else self.text(record.error),
            }
        )

    def state(self, state: NodeState) -> NodeState:
        """Give a node's state with its conversation as it was sent."""
        return state.model_copy(
            update={
                "messages": self.messages(state.messages),
                "records": tuple(self.record(one) for one in state.records),
                "readings": tuple(self.record(one) for one in state.readings),
            }
        )

    def restored_state(self, state: NodeState) -> NodeState:
        """Give a state that was kept with the values of its conversation put back."""
        return state.model_copy(update={"messages": self.restored(state.messages)})

    def account(self) -> RedactionAccount:
        """Say what was replaced in all that was given out so far."""
        with self._lock:
            kinds = [kind for kind, _ in self._marks]
        return RedactionAccount(
            masked={kind: kinds.count(kind) for kind in sorted(set(kinds))},
            pseudonymised=self._pseudonyms.counts(),
        )


def _kind(name: str) -> str:
    """Give the name of a field or pattern as a mark can show it."""
    return _UNSAFE_NAME.sub("-", name.lower()).strip("-")[:40] or "value"


def _replaced(text: str, spans: list[Span], by: Callable[[str, str], str]) -> str:
    pieces: list[str] = []
    at = 0
    for span in spans:
        pieces += [text[at : span.start], by(span.kind, text[span.start : span.end])]
        at = span.end
    return "".join((*pieces, text[at:]))


def _changed(block: Block, change: Change) -> Block:
    """Change every text of a part of a turn; thinking goes back as it came."""
    match block:
        case TextBlock():
            return block.model_copy(update={"text": change(block.text)})
        case ToolResultBlock():
            return block.model_copy(update={"content": change(block.content)})
        case ToolUseBlock():
            given = _walked(block.input, change)
            return block.model_copy(update={"input": given, "error": change(block.error)})
        case _:
            return block


def _walked(value: Any, change: Change) -> Any:
    """Change every text in plain data, the names of its fields among them."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_walked(item, change) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {change(name): _walked(item, change) for name, item in pairs}
    return value
