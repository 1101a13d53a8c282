"""A simulated language model with known context rot: it proves an experiment's machine, no more.

It is told the truth of a case beforehand and reads the prompts it is really sent: what it says of
records it was not shown is never right. Everything it is asked passes gate, budget and store like
a real model's calls; every result is stamped SIMULATED.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple, cast

from schemas.budget import Estimate, Usage
from schemas.model import (
    Block,
    Message,
    ModelReply,
    ModelRequest,
    StopReason,
    TextBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from schemas.simulated import SimulatedProfile, SimulatedTruth
from sentree.errors import ConfigurationError

PREFIX = "simulated:"
PROFILES: Mapping[str, SimulatedProfile] = {
    "crossover": SimulatedProfile(),
    "none": SimulatedProfile(half_tokens=50_000_000, decomposing=1.0),
    "rlm-worse": SimulatedProfile(half_tokens=50_000_000, decomposing=0.4),
}
"""Planted outcomes: the paths cross near 62,000 tokens; are alike at all sizes; RLM is worse."""

FOLDED = "FOLDED "
CITED = 5
HASHED = 65
_RECORD = re.compile(r"^\[(\d+)\] ", re.M)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ ")


def profile_of(name: str) -> SimulatedProfile:
    """Give the profile of `simulated:NAME`, where NAME is planted, or `field=value,…`.

    Raises:
        ConfigurationError: there is no such profile, or a value is out of range.
    """
    wanted = name.removeprefix(PREFIX)
    if wanted in PROFILES:
        return PROFILES[wanted]
    try:
        given = dict(part.split("=", 1) for part in wanted.split(","))
        return SimulatedProfile.model_validate(given)
    except ValueError:
        fields = ", ".join(SimulatedProfile.model_fields)
        raise ConfigurationError(
            f"no simulated model '{wanted}': there are {', '.join(PROFILES)}, or name values of"
            f" {fields}, such as {PREFIX}half_tokens=50000,decomposing=0.9"
        ) from None


class _Item(NamedTuple):
    """Something true of a record, under the number that the record was shown with."""

    number: str
    of: str
    fields: dict[str, Any]


class SimulatedModel:
    """Answers a prompt rightly with the probability that its profile gives for the prompt's length.

    Args:
        profile: the curve, prices and speeds.
        truth: what is true of the case that is asked about.
        seed: names the draws; equal seeds and prompts give equal answers.
        decomposed: whether the trial works in parts, so that it can go wrong as a whole.
    """

    simulated: bool = True

    def __init__(
        self, profile: SimulatedProfile, truth: SimulatedTruth, *, seed: str, decomposed: bool
    ) -> None:
        self._profile = profile
        self._truth = truth
        self._seed = seed
        self._misled = decomposed and Random(f"{seed}:parts").random() >= profile.decomposing

    def estimate(self, request: ModelRequest) -> Estimate:
        """Give the request's size and the most it can pretend to cost."""
        tokens = _tokens(request)
        usd = self._profile.usd(tokens, request.max_tokens)
        return Estimate(input_tokens=tokens, output_tokens=request.max_tokens, usd=usd)

    def call(self, request: ModelRequest) -> ModelReply:
        """Answer: as a reader of a part, over a whole context, or as the driver of a session."""
        if request.tools:
            content: tuple[Block, ...] = (self._turn(request),)
        else:
            properties = (request.output_schema or {}).get("properties", {})
            answer = self._direct(request) if "claims" in properties else self._leaf(request)
            content = (TextBlock(text=json.dumps(answer, ensure_ascii=False)),)
        tokens = _tokens(request)
        written = sum(len(json.dumps(block.model_dump())) for block in content) // 4 + 1
        stop: StopReason = "tool_use" if request.tools else "end_turn"
        if written > request.max_tokens and isinstance(content[0], TextBlock):
            # What does not fit into the answer is cut off, as a server would.
            content = (TextBlock(text=content[0].text[: request.max_tokens * 4]),)
            written, stop = request.max_tokens, "max_tokens"
        return ModelReply(
            model=request.model,
            content=content,
            stop_reason=stop,
            usage=Usage(
                calls=1,
                input_tokens=tokens,
                output_tokens=written,
                usd=self._profile.usd(tokens, written),
            ),
        )

    # A prompt with records.

    def _leaf(self, request: ModelRequest) -> dict[str, Any]:
        shown = self._shown(request)
        rng = self._draw(shown)
        items = self._items(shown)
        if self._misled or not self._right(request, rng):
            items = _less(items, rng)
        data = {name: [] for name in self._lists()}
        for item in items:
            data.setdefault(item.of, []).append(item.fields)
        return {
            "answer": f"{len(items)} found" if items else "nothing",
            "evidence": [{"event_uid": one, "quote": ""} for one in _numbers(items)[:CITED]],
            "data": data,
        }

    def _direct(self, request: ModelRequest) -> dict[str, Any]:
        shown = self._shown(request)
        rng = self._draw(shown)
        items = self._items(shown)
        fields = [item.fields for item in items]
        right = self._right(request, rng)
        text = self._truth.say(fields) if right else self._truth.mistake(fields, rng)
        return _submission(text, _numbers(items))

    def _items(self, shown: Mapping[str, str]) -> list[_Item]:
        """Give what is true of the records shown, by the numbers under which they were shown."""
        return [
            _Item(number, item.of, cast("dict[str, Any]", _numbered(item.fields, number, shown)))
            for digest, number in shown.items()
            for item in self._truth.items(digest)
        ]

    def _shown(self, request: ModelRequest) -> dict[str, str]:
        """Give the numbers of the records in a prompt, by the hash of each record's text."""
        [block] = request.messages[0].content
        text = block.text if isinstance(block, TextBlock) else ""
        begin = text.find("\n") + 1
        # What stands after the records, such as a list shown with every part, is none of them.
        over = text.find("\n<<data-", begin)
        marks = list(_RECORD.finditer(text, begin, over))
        found: dict[str, str] = {}
        for mark, after in zip(marks, [*marks[1:], None], strict=True):
            end = after.start() - 1 if after else over
            self._name(text[mark.end() : end], mark[1], found)
        return found

    def _name(self, record: str, number: str, found: dict[str, str]) -> None:
        """Recognise a record, before which its time and host may stand."""
        start = 0
        for _ in range(3):
            digest = sha256(record[start:].encode("utf-8", "replace")).hexdigest()
            if self._truth.knows(digest):
                found.setdefault(digest, number)
                return
            time = _TIME.match(record, start)
            start = time.end() if time and not start else record.find(" ", start) + 1
            if not start:
                return

    # A session.

    def _turn(self, request: ModelRequest) -> ToolUseBlock:
        """Look, cut and read all parts, bring the findings together in code, submit."""
        done = sum(message.role == "assistant" for message in request.messages)
        uid = f"toolu_{done:04d}"
        if done < 2:
            code = LOOK if done == 0 else self._program()
            return ToolUseBlock(id=uid, name="run_python", input={"code": code})
        answer, cited = _folded(request.messages[-1])
        rng = Random(f"{self._seed}:submit")
        if answer is None:
            answer = self._truth.mistake((), rng)
        elif self._misled or not self._right(request, rng):
            answer = self._truth.mistake(cited, rng)
        uids = [str(item["event_uid"]) for item in cited if item.get("event_uid")]
        return ToolUseBlock(id=uid, name="submit", input=_submission(answer, uids))

    def _program(self) -> str:
        truth = self._truth
        return "\n".join(
            (
                f"parts = ctx.partition(by='size', size={truth.part_characters})",
                f"question = {truth.leaf_question!r}",
                f"schema = {truth.leaf_schema!r}",
                "answers = map_query(parts, question, schema)",
                truth.fold_cell,
            )
        )

    def _lists(self) -> Sequence[str]:
        return list(cast("Mapping[str, Any]", self._truth.leaf_schema.get("properties", {})))

    def _right(self, request: ModelRequest, rng: Random) -> bool:
        return rng.random() < self._profile.accuracy(_tokens(request))

    def _draw(self, shown: Mapping[str, str]) -> Random:
        """Give the draws of a prompt: by what it shows, so that markers make no difference."""
        return Random(f"{self._seed}:{sha256(''.join(shown).encode()).hexdigest()}")


LOOK = "print(ctx.describe())\nprint(ctx.peek(n=3))"


def _tokens(request: ModelRequest) -> int:
    shown = sum(len(part.text) for part in request.system)
    for message in request.messages:
        for block in message.content:
            match block:
                case TextBlock():
                    shown += len(block.text)
                case ToolResultBlock():
                    shown += len(block.content)
                case ToolUseBlock():
                    shown += len(json.dumps(block.input))
                case _:
                    continue
    shown += sum(len(json.dumps(tool.model_dump())) for tool in request.tools)
    return shown // 4 + 1


def _less(items: Sequence[_Item], rng: Random) -> list[_Item]:
    """Lose half of the items, and at least one."""
    kept = [item for item in items if rng.random() < 0.5]
    return kept[1:] if kept and len(kept) == len(items) else kept


def _numbered(value: Any, number: str, shown: Mapping[str, str]) -> Any:
    """Put numbers in the place of records; one that was not shown is not named."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {name: _numbered(one, number, shown) for name, one in pairs}
    if isinstance(value, list):
        listed = [_numbered(one, number, shown) for one in cast("list[Any]", value)]
        return [one for one in listed if one is not None]
    if value == "@":
        return number
    if isinstance(value, str) and value.startswith("@") and len(value) == HASHED:
        return shown.get(value[1:])
    return value


def _numbers(items: Sequence[_Item]) -> list[str]:
    return list(dict.fromkeys(item.number for item in items))


def _folded(message: Message) -> tuple[str | None, list[dict[str, Any]]]:
    """Read what the program printed: the answer, and the first items it rests on."""
    for block in reversed(message.content):
        if isinstance(block, ToolResultBlock) and FOLDED in block.content:
            line = block.content.rpartition(FOLDED)[2].splitlines()[0]
            try:
                found = json.loads(line)
            except ValueError:
                return None, []
            return str(found["answer"]), list(found["cited"])
    return None, []


def _submission(answer: str, uids: Sequence[str]) -> dict[str, Any]:
    evidence = [{"event_uid": uid, "quote": ""} for uid in uids[:CITED]]
    text = answer.replace("\n", " ")[:500] or "none"
    claims = [{"text": text, "evidence": evidence}] if evidence else []
    return {"answer": answer or "Answer: none", "claims": claims, "ruled_out": []}
