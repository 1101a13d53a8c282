"""Finds what is wrong with rule files without running them: each with its place and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from uuid import UUID

from schemas.rule_check import RuleProblem, Severity
from sentree.intel import attack
from sentree.rules.ir import fields
from sentree.rules.load import LoadedRules, LoadError, Rule
from sentree.rules.taxonomy import Source, Taxonomy, load_taxonomy

MAX_TITLE = 120
SHORTEST_NAME = 5
ALIKE = 0.8
LETTERS_APART = 2
_TECHNIQUE = re.compile(r"t\d{4}(\.\d{3})?", re.IGNORECASE)
_OTHER_ID = re.compile(r"(ta|g|s|m|c|ds)\d{4}", re.IGNORECASE)

_ADVICE: tuple[tuple[str, str, str], ...] = (
    ("UUID", "id", "give the rule a UUID of its own (uuidgen)"),
    ("is taken by", "duplicate-id", "give one of the two rules another id"),
    ("not YAML|has the key|alias|nested|nodes", "yaml", "mend the YAML at this line"),
    ("UTF-8", "encoding", "save the file as UTF-8"),
    ("is empty", "empty", "write a rule, or remove the file"),
    ("is no Sigma rule", "no-rule", "move the file out of the folder, or write a rule"),
    ("placeholder", "placeholder", "name a file with its values: --placeholders FILE"),
    ("unsupported regex", "regex", "write it without look-around and back-references (RE2)"),
    ("Unknown modifier", "modifier", "use a modifier of the Sigma specification"),
    ("Modifier|modifier", "modifier", "give the modifier a value of the kind it takes"),
    ("log source", "logsource", "name category, product and service as Sigma's taxonomy does"),
    ("pipe syntax", "aggregation", "write a correlation rule instead of the old `| count()`"),
    ("not defined|doesn't match any", "condition", "name in the condition what detection has"),
    ("there is no rule", "levels", "remove the line from the file of levels"),
    ("no such file|can't be read|larger", "file", "name a file that can be read"),
)


def check_rules(loaded: LoadedRules, *, conventions: bool = True) -> tuple[RuleProblem, ...]:
    """List every problem of the files and rules, in the order of their places.

    `conventions` also looks at what SigmaHQ asks of a rule that is to be shared.
    """
    taxonomy = load_taxonomy()
    found = [_of_file(error) for error in loaded.errors]
    for rule in loaded.rules:
        found += _of_rule(rule, taxonomy)
        found += _tags(rule)
        if conventions:
            found += _conventions(rule)
    told = {(one.path, one.code) for one in found if one.severity != "note"}
    found = [one for one in found if one.severity != "note" or (one.path, one.code) not in told]
    return tuple(sorted(found, key=lambda one: (one.path, one.line, one.severity, one.code)))


def _of_file(error: LoadError) -> RuleProblem:
    code, advice = _advice(error.reason)
    words = {"modifier": _quoted(error.reason), "id": ("id:",)}.get(code, ())
    return RuleProblem(
        severity="error" if error.fatal else "warning",
        path=error.path,
        line=_line(error.path, error.line, words),
        code=code,
        reason=error.reason,
        advice=advice,
    )


def _of_rule(rule: Rule, taxonomy: Taxonomy) -> Iterator[RuleProblem]:
    source = taxonomy.source(rule.logsource)
    if rule.problem is not None:
        code, advice = _advice(rule.problem)
        yield _problem(rule, "error", code, rule.problem, advice, _words(rule.problem))
    if rule.condition is None:
        return
    if source is None:
        reason = f"no events are known for the log source {rule.logsource}"
        yield _problem(rule, "error", *_code(reason), ("logsource",))
    elif source.by_name:
        reason = f"{rule.logsource} is no log source of Sigma's taxonomy"
        advice = f"it is searched in what names itself {source.by_name}; if more is meant, name it"
        yield _problem(rule, "warning", "logsource", reason, advice, ("logsource",))
    else:
        for name in sorted(fields(rule.condition)):
            meant = _misspelt(name, source, taxonomy)
            if meant:
                reason = f"the field {name} is not known of the log source {rule.logsource}"
                yield _problem(
                    rule, "warning", "field", reason, f"{meant} is: is it meant?", (name,)
                )


def _tags(rule: Rule) -> Iterator[RuleProblem]:
    for tag in rule.tags:
        namespace, _, name = tag.partition(".")
        if namespace.lower() != "attack":
            continue
        if _TECHNIQUE.fullmatch(name):
            known = attack.technique(name)
            if not known.known:
                reason = f"ATT&CK {attack.VERSION} has no technique {name.upper()}"
                yield _problem(rule, "warning", "tag", reason, "look the technique up", (tag,))
            elif known.uid != name.upper():
                reason = f"ATT&CK replaced {name.upper()}"
                advice = f"write attack.{known.uid.lower()} ({known.name})"
                yield _problem(rule, "warning", "deprecated-tag", reason, advice, (tag,))
            elif known.deprecated:
                reason = f"ATT&CK deprecated {name.upper()}"
                yield _problem(rule, "warning", "deprecated-tag", reason, "choose another", (tag,))
        elif "_" in name:
            advice = f"write attack.{name.replace('_', '-')}"
            yield _problem(rule, "note", "deprecated-tag", f"the tag {tag} has _", advice, (tag,))
        elif not _OTHER_ID.fullmatch(name) and attack.tactic(name) is None:
            yield _problem(
                rule, "warning", "tag", f"{name} is no ATT&CK tactic", "correct the tag", (tag,)
            )


def _conventions(rule: Rule) -> Iterator[RuleProblem]:
    if not _is_uuid(rule.rule_uid):
        yield _problem(
            rule, "note", "id", "the rule has no UUID as its id", "give it one (uuidgen)", ("id:",)
        )
    for name in ("level", "status", "description", "author"):
        if getattr(rule, name) is None:
            yield _problem(rule, "note", name, f"the rule has no {name}", f"write its {name}", ())
    if len(rule.title) > MAX_TITLE:
        yield _problem(
            rule, "note", "title", f"the title has more than {MAX_TITLE} characters",
            "shorten it", ("title:",),
        )  # fmt: skip
    if not any(tag.lower().startswith("attack.") for tag in rule.tags):
        yield _problem(
            rule,
            "note",
            "tag",
            "the rule has no ATT&CK tag",
            "`sentree map-rules` proposes some",
            (),
        )


def _problem(
    rule: Rule, severity: Severity, code: str, reason: str, advice: str, words: Sequence[str]
) -> RuleProblem:
    return RuleProblem(
        severity=severity,
        path=rule.path,
        line=_line(rule.path, rule.line, words),
        code=code,
        reason=reason,
        advice=advice,
        rule_uid=rule.rule_uid,
    )


def _line(path: str, start: int, words: Sequence[str]) -> int:
    """Find the line that the problem is on: the first from `start` with one of its words."""
    if words:
        try:
            lines = Path(path).read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            return start
        for number, line in enumerate(lines[start - 1 :], start=start):
            if any(word in line for word in words):
                return number
    return start


def _words(reason: str) -> tuple[str, ...]:
    """Give what a compiler's reason quotes from the rule, else where its condition stands."""
    return (*_quoted(reason), *re.findall(r"(%[^%\s]+%)", reason))[:1] or ("condition:",)


def _quoted(reason: str) -> tuple[str, ...]:
    return tuple(re.findall(r"'([^']+)'", reason))[:1]


def _code(reason: str) -> tuple[str, str, str]:
    code, advice = _advice(reason)
    return code, reason, advice


def _advice(reason: str) -> tuple[str, str]:
    for pattern, code, advice in _ADVICE:
        if re.search(pattern, reason):
            return code, advice
    return "rule", "compare it with the Sigma specification"


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def _misspelt(name: str, source: Source, taxonomy: Taxonomy) -> str | None:
    """Give the known field that a name nearly is: other case, a letter wrong or missing."""
    known = {*source.view, *taxonomy.fields_of(source)}
    for names in source.view.values():
        known |= {alias for alias in names if "/" not in alias and "+" not in alias}
    if source.windows:
        known |= set(taxonomy.system)
    if not known or name in known or "." in name or len(name) < SHORTEST_NAME:
        return None
    lower = {one.lower(): one for one in sorted(known)}
    if name.lower() in lower:
        return lower[name.lower()]
    close = get_close_matches(name.lower(), list(lower), n=1, cutoff=ALIKE)
    alike = close and abs(len(close[0]) - len(name)) <= LETTERS_APART
    return lower[close[0]] if alike else None
