"""Reads Sigma rules from files and folders; what can't be read is collected, the rest goes on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from schemas.detection import RuleNote, RuleRecord
from sentree.errors import UnreadableInputError
from sentree.rules import correlation as correlations
from sentree.rules.correlation import Correlation
from sentree.rules.documents import Document, Unreadable, read_content, read_documents
from sentree.rules.filters import Filter, apply_filters, parse_filter, read_filter
from sentree.rules.ir import Node
from sentree.rules.placeholders import Placeholders, with_placeholders
from sentree.rules.rule_cache import RuleCache
from sentree.rules.rule_values import settled

if TYPE_CHECKING:
    from sigma.rule import SigmaLogSource, SigmaRule
    from sigma.rule.base import SigmaRuleBase

_TECHNIQUE = re.compile(r"t\d{4}(\.\d{3})?", re.IGNORECASE)
_OTHER_ATTACK_ID = re.compile(r"(ta|g|s|m|c|ds)\d{4}", re.IGNORECASE)

MISSING = "there is no such file or folder"


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where a rule's events come from, in Sigma's words."""

    category: str | None
    product: str | None
    service: str | None

    def __str__(self) -> str:
        named = {"category": self.category, "product": self.product, "service": self.service}
        return ", ".join(f"{key} {value}" for key, value in named.items() if value)


NO_SOURCE = LogSource(None, None, None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was read. `problem` says why it can't be run, else `condition` is there.

    A correlation has `correlation` in place of `condition`, and no log source of its own. `name`
    is what correlations and filters may call the rule, beside its uid.
    """

    rule_uid: str
    title: str
    author: str | None
    level: str | None
    status: str | None
    description: str | None
    path: str
    line: int
    content_sha256: str
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    logsource: LogSource
    condition: Node | None
    problem: str | None = None
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    pack: str | None = None
    pack_version: str | None = None
    name: str | None = None
    correlation: Correlation | None = None

    @property
    def record(self) -> RuleRecord:
        """What the lake keeps of the rule."""
        return RuleRecord(
            **{name: getattr(self, name) for name in RuleRecord.model_fields},
        )

    def note(self, reason: str) -> RuleNote:
        """Say something about the rule, with its place."""
        return RuleNote(
            path=self.path, line=self.line, reason=reason, rule_uid=self.rule_uid, title=self.title
        )


@dataclass(frozen=True, slots=True)
class LoadError:
    """Something wrong with a rule file. When `fatal`, the rule at that place was not loaded."""

    path: str
    line: int
    reason: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """Rules in the order of their files, and what could not be read."""

    rules: tuple[Rule, ...]
    errors: tuple[LoadError, ...]
    placeholders: Placeholders = field(default_factory=dict[str, tuple[str, ...]])

    def demand(self, left_out: int = 0) -> None:
        """Refuse to go on without rules, lest a mistyped path passes for a clean result.

        Args:
            left_out: how many rules were read but are not to take part.

        Raises:
            UnreadableInputError: a named path does not exist, or no rule could be read at all.
        """
        for error in self.errors:
            if error.reason == MISSING:
                raise UnreadableInputError(f"rules {error.path}: {MISSING}")
        if not self.rules and not left_out:
            why = next((f" ({error})" for error in self.errors), "")
            raise UnreadableInputError(f"no rule could be read{why}; see `sentree rules check`")


def load_rules(
    paths: Iterable[Path | str],
    *,
    cache: Path | None = None,
    placeholders: Placeholders | None = None,
) -> LoadedRules:
    """Read every rule of the files and folders given; folders are searched for *.yml and *.yaml.

    Never raises for what the files hold: bad files, documents and rules become errors. Of two
    rules with one id the first counts.

    Args:
        paths: files and folders.
        cache: where compiled rules are kept, so that a file is parsed only once.
        placeholders: the values for `expand`.
    """
    rules: dict[str, Rule] = {}
    errors: list[LoadError] = []
    filters: list[Filter] = []
    with RuleCache(cache, _KEPT) as kept:
        for path in _files(paths, errors):
            for rule in _load_file(path, errors, kept):
                if isinstance(rule, Filter):
                    filters.append(rule)
                    continue
                first = rules.setdefault(rule.rule_uid, rule)
                if first is not rule:
                    reason = f"rule id {rule.rule_uid} is taken by {first.path}:{first.line}"
                    errors.append(LoadError(rule.path, rule.line, reason))
    # What follows depends on the whole set, so that it is no part of what is kept of a file.
    filled = with_placeholders(rules.values(), placeholders or {})
    filtered, remarks = apply_filters(filled, filters)
    for one, reason in remarks:
        errors.append(LoadError(one.path, one.line, f"filter '{one.title}' {reason}", fatal=False))
    return LoadedRules(tuple(filtered), tuple(errors), placeholders or {})


_KEPT = (
    *get_args(Node),
    *get_args(correlations.Expression),
    correlations.Bounds,
    Correlation,
    Rule,
    Filter,
    LogSource,
    LoadError,
)


def _files(paths: Iterable[Path | str], errors: list[LoadError]) -> Iterator[Path]:
    seen: set[Path] = set()
    for given in map(Path, paths):
        try:
            if given.is_dir():
                found = sorted(
                    path
                    for path in given.rglob("*")
                    if path.suffix.lower() in {".yml", ".yaml"} and path.is_file()
                )
            elif given.is_file():
                found = [given]
            else:
                errors.append(LoadError(str(given), 1, MISSING))
                continue
        except OSError as error:
            errors.append(LoadError(str(given), 1, f"can't be read: {error.strerror}"))
            continue
        for path in found:
            if path.absolute() not in seen:
                seen.add(path.absolute())
                yield path


def _load_file(path: Path, errors: list[LoadError], cache: RuleCache) -> Iterator[Rule | Filter]:
    try:
        content = read_content(path)
    except Unreadable as error:
        errors.append(LoadError(str(path), error.line, error.reason))
        return
    digest = hashlib.sha256(content).hexdigest()
    # Both kept in order, without their place: the same content may stand anywhere.
    found: tuple[tuple[Rule | Filter, ...], tuple[LoadError, ...]] | None = cache.get(digest)
    if found is None:
        wrong: list[LoadError] = []
        found = tuple(_load_content(path, content, digest, wrong)), tuple(wrong)
        cache.put(digest, found)
    rules, wrong_here = found
    errors.extend(replace(error, path=str(path)) for error in wrong_here)
    for rule in rules:
        yield replace(rule, path=str(path))


def _load_content(
    path: Path, content: bytes, digest: str, errors: list[LoadError]
) -> Iterator[Rule | Filter]:
    documents: list[Document] = []
    try:
        for document in read_documents(content):
            documents.append(document)
    except Unreadable as error:
        errors.append(LoadError(str(path), error.line, error.reason))
    if any(isinstance(item.value, dict) and "action" in item.value for item in documents):
        others = [item for item in documents if not _is_other(item.value)]
        yield from _load_legacy_collection(path, others, digest, errors)
        documents = [item for item in documents if _is_other(item.value)]
    for document in documents:
        rule = _load_document(path, document, digest, errors)
        if rule is not None:
            yield rule


def _is_other(value: object) -> bool:
    """Tell whether a document is a correlation or a filter, which no `action` changes."""
    return isinstance(value, dict) and not {"correlation", "filter"}.isdisjoint(value)  # pyright: ignore[reportUnknownArgumentType]


def _load_document(
    path: Path, document: Document, digest: str, errors: list[LoadError]
) -> Rule | Filter | None:
    # pySigma takes its time to import, and is needed for rules that were not kept only.
    from sigma.rule import SigmaRule

    from sentree.rules.regex import POLICY

    value = document.value
    reason = None
    if _is_other(value):
        try:
            if "correlation" in value:
                return _correlation(path, document, digest, errors)
            return _filter(path, document, digest, errors)
        except Exception as error:
            # As below: what a malformed value trips over may be anything.
            errors.append(LoadError(str(path), document.line, _one_line(error)))
            return None
    if not isinstance(value, dict):
        reason = "is no Sigma rule: the document is not a mapping"
    elif "detection" not in value:
        reason = "is no Sigma rule: it has no 'detection'"
    if reason is not None:
        errors.append(LoadError(str(path), document.line, reason))
        return None
    try:
        rule = SigmaRule.from_dict(settled(value), collect_errors=True, policy=POLICY)
    except Exception as error:
        # pySigma raises whatever a malformed value happens to trip over, not only SigmaError.
        errors.append(LoadError(str(path), document.line, _one_line(error)))
        return None
    return _rule(path, document.line, digest, rule, errors)


def _load_legacy_collection(
    path: Path, documents: Sequence[Document], digest: str, errors: list[LoadError]
) -> Iterator[Rule]:
    from sigma.collection import SigmaCollection
    from sigma.rule import SigmaRule

    from sentree.rules.regex import POLICY

    line = documents[0].line
    try:
        values = [settled(document.value) for document in documents]
        collection = SigmaCollection.from_dicts(values, collect_errors=True, policy=POLICY)
    except Exception as error:
        errors.append(LoadError(str(path), line, _one_line(error)))
        return
    for rule in collection.rules:
        if isinstance(rule, SigmaRule):
            loaded = _rule(path, line, digest, rule, errors)
            if loaded is not None:
                yield loaded


def _correlation(
    path: Path, document: Document, digest: str, errors: list[LoadError]
) -> Rule | None:
    from sigma.exceptions import SigmaCorrelationRuleError

    from sentree.rules.compile import NotRunnable
    from sentree.rules.correlation_load import parse_correlation, read_correlation

    parsed = parse_correlation(document.value)
    fatal = [error for error in parsed.errors if isinstance(error, SigmaCorrelationRuleError)]
    for error in parsed.errors:
        errors.append(LoadError(str(path), document.line, _one_line(error), fatal=error in fatal))
    if fatal:
        return None
    correlation: Correlation | None = None
    problem: str | None = None
    try:
        correlation = read_correlation(document.value, parsed)
    except NotRunnable as error:
        problem = _one_line(error)
    return _described(path, document.line, digest, parsed, correlation=correlation, problem=problem)


def _filter(path: Path, document: Document, digest: str, errors: list[LoadError]) -> Filter | None:
    parsed = parse_filter(document.value)
    if parsed.errors:
        errors.append(LoadError(str(path), document.line, _one_line(parsed.errors[0])))
        return None
    return read_filter(
        parsed,
        path=str(path),
        line=document.line,
        digest=digest,
        logsource=_logsource(parsed.logsource),
    )


def _logsource(given: SigmaLogSource) -> LogSource:
    names = (given.category, given.product, given.service)
    return LogSource(*(name.strip().lower() if name else None for name in names))


def _rule(
    path: Path, line: int, digest: str, rule: SigmaRule, errors: list[LoadError]
) -> Rule | None:
    from sigma.exceptions import SigmaError

    from sentree.rules.compile import NotRunnable, compile_rule

    usable = bool(rule.detection.detections) and any(
        (rule.logsource.category, rule.logsource.product, rule.logsource.service)
    )
    for error in rule.errors:
        errors.append(LoadError(str(path), line, _one_line(error), fatal=not usable))
    if not usable:
        if not rule.errors:
            errors.append(LoadError(str(path), line, "has no usable detection or logsource"))
        return None
    condition: Node | None = None
    problem: str | None = None
    try:
        condition = compile_rule(rule)
    except (NotRunnable, SigmaError) as error:
        problem = _one_line(error)
    except RecursionError:
        problem = "the condition is nested too deep"
    except Exception as error:
        # As above: a malformed value may trip pySigma anywhere.
        problem = f"can't be compiled: {_one_line(error)}"
    return _described(
        path,
        line,
        digest,
        rule,
        logsource=_logsource(rule.logsource),
        condition=condition,
        problem=problem,
    )


def _described(
    path: Path,
    line: int,
    digest: str,
    rule: SigmaRuleBase,
    *,
    logsource: LogSource = NO_SOURCE,
    condition: Node | None = None,
    correlation: Correlation | None = None,
    problem: str | None = None,
) -> Rule:
    techniques, tactics = _attack(rule)
    return Rule(
        rule_uid=str(rule.id) if rule.id else _uid(digest, rule.title),
        title=str(rule.title or "(no title)"),
        author=rule.author if isinstance(rule.author, str) else None,
        level=str(rule.level) if rule.level else None,
        status=str(rule.status) if rule.status else None,
        description=rule.description if isinstance(rule.description, str) else None,
        path=str(path),
        line=line,
        content_sha256=digest,
        techniques=techniques,
        tactics=tactics,
        logsource=logsource,
        condition=condition,
        problem=problem,
        tags=tuple(f"{tag.namespace}.{tag.name}" for tag in rule.tags or ()),
        references=_texts(rule.references),
        falsepositives=_texts(rule.falsepositives),
        name=rule.name if isinstance(rule.name, str) else None,
        correlation=correlation,
    )


def _attack(rule: SigmaRuleBase) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = [tag.name.lower() for tag in rule.tags or () if tag.namespace.lower() == "attack"]
    techniques = sorted({name.upper() for name in names if _TECHNIQUE.fullmatch(name)})
    tactics = dict.fromkeys(
        name.replace("_", "-")
        for name in names
        if not _TECHNIQUE.fullmatch(name) and not _OTHER_ATTACK_ID.fullmatch(name)
    )
    return tuple(techniques), tuple(sorted(tactics))


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        return ()
    return tuple(one for one in cast(list[object], values) if isinstance(one, str))


def _uid(digest: str, title: str | None) -> str:
    return hashlib.sha256(f"{digest}:{title}".encode()).hexdigest()[:32]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
