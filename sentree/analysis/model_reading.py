"""A language model reads the records of a scenario: in parts or in one call, typed and checked.

What a scenario computes stays computed. A model adds what only the wording says; each item that it
gives names the records it rests on, and an item whose citations fail is dropped and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from schemas.base import Frozen
from schemas.budget import Usage
from schemas.claim import DroppedClaim, Evidence, Verification
from schemas.model import Model
from schemas.query import Path as RoutePath
from schemas.query import Scenario
from schemas.reading import ModelUse
from schemas.result import AnalystInfo, LimitHit, Result
from schemas.section import Column, Row, Section, Table
from schemas.trajectory import NodeRecord
from sentree.analysis.model_choice import open_model
from sentree.analysis.records import claim, joined
from sentree.analysis.redaction import open_redactor
from sentree.analysis.redaction_note import redaction_note
from sentree.analysis.run_clock import RunClock
from sentree.analysis.secret import installation_secret
from sentree.engine.budget import Budget
from sentree.engine.direct import pick
from sentree.engine.fence import Fence
from sentree.engine.gate import Gate
from sentree.engine.parts import Part, Parts
from sentree.engine.reader import Reader
from sentree.engine.readings import Batching, Readings, RunAll
from sentree.engine.shown import CITING
from sentree.engine.verify import EVERYWHERE, citations_that_hold
from sentree.lake.calls import SqliteCallStore
from sentree.lake.context import Context
from sentree.lake.documents import export_records
from sentree.settings import Settings

WHOLE = "all records"
NOTHING = "No record was left for a language model to read; none was asked."
MOST_READ = 200
CAPS = ("usd", "tokens", "calls", "seconds")


@dataclass(frozen=True, slots=True)
class ReadingTask:
    """What is to be read and what is asked of it.

    `leaf` is the model of one part's answer: a class whose fields are lists of flat items, each
    item with `evidence` or with fields that name records. `records` has texts by uid; `beside` is
    data that is shown with every part.
    """

    scenario: Scenario
    question: str
    leaf: type[Frozen]
    records: Mapping[str, str]
    beside: str = ""


class ModelReading(NamedTuple):
    """What a model found. `leaves` hold only items with a citation that holds."""

    route: RoutePath
    leaves: tuple[Frozen, ...]
    verification: Verification
    records: tuple[NodeRecord, ...]
    usage: Usage
    looked_at: int
    limit: LimitHit | None
    failures: tuple[str, ...]
    simulated: bool
    redaction: str = ""


def read_with_model(
    settings: Settings,
    use: ModelUse,
    task: ReadingTask,
    model: Model,
    run_dir: Path,
    *,
    run_all: RunAll | None = None,
) -> ModelReading:
    """Let the model read the records, within the caps; what was paid for before is not again."""
    redactor = open_redactor(settings, use.model)
    shown = {uid: redactor.masked(text) for uid, text in task.records.items()}
    info = export_records(shown, run_dir, name=task.scenario.value)
    fence = Fence(installation_secret(settings.home), f"{info.content_hash}:{task.question}")
    with ExitStack() as closing:
        context = closing.enter_context(Context.open(Path(info.path)))
        store = closing.enter_context(SqliteCallStore(settings.home / "calls.sqlite"))
        clock = closing.enter_context(RunClock(run_dir))
        gate = Gate(
            model,
            Budget(use.caps, elapsed=clock.elapsed),
            store,
            run_uid=run_dir.name,
            concurrency=use.workers,
            reuse_other_runs=not use.fresh,
            redactor=redactor,
        )
        scenario = task.scenario.value
        reader = Reader(context, gate, fence, use.model, use.max_tokens, scenario)
        route, parts = _parts(context, use, task.question)
        readings = Readings(
            reader,
            leaf_characters=max(part.characters for part in parts),
            workers=use.workers,
            run_all=run_all,
            batching=Batching(gate.call_batch, use.batch) if use.batch else None,
        )
        question = task.question
        if task.beside:
            question += "\n\n" + fence.wrap("shown with every part", task.beside)
        answers = readings.ask(parts, question, whole_schema(task.leaf), "n")
        checked = [
            check_leaf(context, part, answer, task.leaf)
            for part, answer in zip(parts, answers, strict=True)
        ]
        records = tuple(redactor.record(one) for one in readings.records())
        hit = next((one.limit_hit for one in records if one.limit_hit in CAPS), None)
        return ModelReading(
            route=route,
            leaves=tuple(one.leaf for one in checked if one.leaf is not None),
            verification=reduce(joined, (one.verification for one in checked), Verification()),
            records=records,
            usage=gate.budget.spent,
            looked_at=sum(part.events for part in readings.read),
            limit=None if hit is None else _limit(use, gate.budget.spent, hit),
            failures=tuple(dict.fromkeys(one.error for one in records if one.error)),
            simulated=model.simulated,
            redaction=redaction_note(redactor),
        )


def read_scenario(
    settings: Settings,
    name: str,
    request: Any,
    use: ModelUse,
    result: Result,
    run_dir: Path,
    *,
    run_all: RunAll | None = None,
) -> Result:
    """Let a model read what the computed result of a scenario rests on; gives both together.

    The function `reading_task` of `sentree.analysis.<name>.reading_task` says what is read.

    Raises:
        ConfigurationError: no key, price or recording for the model.
    """
    module = import_module(f"sentree.analysis.{name}.reading_task")
    task: ReadingTask = module.reading_task(settings, request)
    if not task.records:
        return result.model_copy(update={"notes": (*result.notes, NOTHING)})
    model = open_model(settings, use)
    reading = read_with_model(settings, use, task, model, run_dir, run_all=run_all)
    return with_reading(result, task, reading, use.model)


def reading_section(task: ReadingTask, reading: ModelReading, model: str) -> Section:
    """Show what the model found as tables, one per list of the leaf's schema."""
    tables: list[Table] = []
    for name in task.leaf.model_fields:
        rows = [
            (item, _citations(item))
            for leaf in reading.leaves
            for item in _items(leaf.model_dump(mode="json").get(name))
        ]
        columns = [field for field in (rows[0][0] if rows else {}) if field != "evidence"]
        columns = [field for field in columns if not CITING.fullmatch(field)]
        if not rows:
            continue
        tables.append(
            Table(
                key=f"model-{name}",
                title=name.replace("_", " ").capitalize(),
                columns=tuple(Column(name=field.replace("_", " ")) for field in columns),
                rows=tuple(
                    Row(
                        cells=tuple(_cell(item.get(field)) for field in columns),
                        evidence=tuple(dict.fromkeys(ev.event_uid for ev in cited)),
                    )
                    for item, cited in rows
                ),
            )
        )
    how = "in one call" if reading.route is RoutePath.DIRECT else f"in {len(reading.records)} parts"
    check = reading.verification
    return Section(
        key="model",
        title=f"What {model} read" + (" (SIMULATED)" if reading.simulated else ""),
        tables=tuple(tables),
        notes=(
            f"{reading.looked_at:,} of {len(task.records):,} records were read {how}; "
            f"{check.kept:,} of {check.checked:,} items hold. {reading.usage.tokens:,} tokens in "
            f"{reading.usage.calls:,} calls, ${reading.usage.usd:.4f}.",
            *filter(None, (reading.redaction,)),
            *(f"Not read: {reason}" for reason in reading.failures[:10]),
        ),
    )


def with_reading(result: Result, task: ReadingTask, reading: ModelReading, model: str) -> Result:
    """Add what the model found to the result of what was computed."""
    failed = bool(reading.failures) and not reading.leaves
    name = f"scripted replay of {model}" if reading.simulated else model
    return result.model_copy(
        update={
            "analyst": AnalystInfo(
                name=f"{name}, beside the {result.analyst.name}",
                is_language_model=not reading.simulated,
                version=model,
            ),
            "simulated": reading.simulated,
            "sections": (*result.sections, reading_section(task, reading, model)),
            "verification": joined(result.verification, reading.verification),
            "trajectory": (*result.trajectory, *reading.records),
            "limit_hit": reading.limit,
            "failure": reading.failures[0] if failed and reading.limit is None else None,
        }
    )


def whole_schema(leaf: type[Frozen]) -> dict[str, Any]:
    """Give a leaf's JSON Schema without references, as `check_schema` wants it."""
    schema = leaf.model_json_schema()
    definitions = cast("dict[str, Any]", schema.pop("$defs", {}))

    def inlined(value: Any) -> Any:
        if isinstance(value, list):
            return [inlined(item) for item in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, Any]", value)
        if "$ref" in given:
            return inlined(definitions[str(given["$ref"]).rsplit("/", 1)[-1]])
        return {key: inlined(item) for key, item in given.items()}

    return cast("dict[str, Any]", inlined(schema))


class CheckedLeaf(NamedTuple):
    """A part's answer with the items whose citations hold; None if it can't be used."""

    leaf: Frozen | None
    verification: Verification


def _parts(context: Context, use: ModelUse, question: str) -> tuple[RoutePath, list[Part]]:
    parts = Parts(context, EVERYWHERE, WHOLE)
    route = use.route
    if route is None:
        fits = parts.whole.characters <= use.leaf_characters
        route = RoutePath.DIRECT if fits else RoutePath.RLM
    if route is RoutePath.DIRECT:
        return route, [pick(context, parts, question, use.direct_characters).part]
    size = max(use.leaf_characters, ceil(parts.whole.characters / MOST_READ))
    return route, parts.cut("size", size=size)


def check_leaf(
    context: Context, part: Part, answer: Mapping[str, Any], kind: type[Frozen]
) -> CheckedLeaf:
    """Keep the items of a part's answer that cite a record of the part, rightly."""
    if "error" in answer:
        return CheckedLeaf(None, Verification())
    data = cast("dict[str, Any]", answer.get("data") or {})
    items = [(name, item) for name, listed in data.items() for item in _items(listed)]
    cited = [ev for _, item in items for ev in _citations(item)]
    held = set(citations_that_hold(context, cited, part.predicate))
    kept: dict[str, list[Any]] = {name: [] for name in data}
    dropped: list[DroppedClaim] = []
    for name, item in items:
        good = [ev for ev in _citations(item) if ev in held]
        if good:
            kept[name].append(_only(item, held))
            continue
        named = claim(f"{name}: {str(item)[:300]}", _citations(item))
        dropped.append(DroppedClaim(claim=named, reason="no citation of it holds in its part"))
    whole = {
        name: kept[name] if isinstance(value, list) and kept[name] else _unlisted(value)
        for name, value in data.items()
    }
    verification = Verification(
        checked=len(items), kept=len(items) - len(dropped), dropped=tuple(dropped)
    )
    try:
        return CheckedLeaf(kind.model_validate(whole), verification)
    except ValidationError:
        return CheckedLeaf(None, verification)


def _items(listed: object) -> Iterator[dict[str, Any]]:
    for item in cast("list[object]", listed) if isinstance(listed, list) else ():
        if isinstance(item, dict):
            yield cast("dict[str, Any]", item)


def _unlisted(value: object) -> object:
    """Give what is no list of items as it is, and such a list without its items."""
    if not isinstance(value, list):
        return value
    return [one for one in cast("list[object]", value) if not isinstance(one, dict)]


def _citations(item: Mapping[str, Any]) -> list[Evidence]:
    """Give what an item rests on: its `evidence`, else the records that its fields name."""
    found: list[Evidence] = []
    for name, value in item.items():
        if "evidence" in item and name != "evidence":
            continue
        if name == "evidence":
            found += [
                Evidence(event_uid=str(one.get("event_uid")), quote=one.get("quote") or None)
                for one in _items(value)
            ]
        elif CITING.fullmatch(name):
            uids = cast("list[object]", value) if isinstance(value, list) else [value]
            quote = item.get("quote")
            said = quote if isinstance(quote, str) and quote else None
            found += [Evidence(event_uid=uid, quote=said) for uid in uids if isinstance(uid, str)]
    return found


def _only(item: Mapping[str, Any], held: set[Evidence]) -> dict[str, Any]:
    """Give an item without the citations that don't hold."""
    uids = {ev.event_uid for ev in held}
    cleaned: dict[str, Any] = {}
    for name, value in item.items():
        if name == "evidence":
            cleaned[name] = [one for one in _items(value) if str(one.get("event_uid")) in uids]
        elif CITING.fullmatch(name) and isinstance(value, list):
            cleaned[name] = [uid for uid in cast("list[object]", value) if uid in uids]
        else:
            cleaned[name] = value
    return cleaned


def _cell(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return str(value)


def _limit(use: ModelUse, spent: Usage, hit: str) -> LimitHit:
    allowed = getattr(use.caps, hit) or 0
    return LimitHit(limit=hit, allowed=allowed, spent=getattr(spent, hit, 0.0))
