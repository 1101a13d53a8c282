"""The sections of a rule mapping: what each rule detects and why, coverage, agreement, rejects."""

from __future__ import annotations

from collections import Counter

from schemas.map_rules import MappedRule, MappedTechnique, MapRulesReport
from schemas.section import Column, Kind, Row, Section, Table, TechniqueScore
from sentree.intel import attack

MAX_ROWS = 1_000
MAX_EVIDENCE = 40


def layout(report: MapRulesReport) -> list[Section]:
    """Arrange the tables in the order in which a reader asks; empty ones are left out."""
    plan = (
        ("rules", "What each rule detects", (mapping(report),)),
        ("techniques", "Techniques by number of rules", (coverage(report),)),
        ("unsure", "Rules to look at", (unsure(report),)),
        ("tags", "Against the rules' own tags", (disagreements(report),)),
        ("read", "What was set aside", (rejects(report),)),
    )
    return [
        Section(key=key, title=title, tables=kept)
        for key, title, tables in plan
        if (kept := tuple(table for table in tables if table.rows))
    ]


def mapping(report: MapRulesReport) -> Table:
    """List every named technique of every rule."""
    rows = [
        Row(
            cells=(
                rule.title,
                one.technique,
                one.name,
                one.probability,
                why(one),
                rule.author or "not named",
            ),
            evidence=(rule.rule_uid,),
        )
        for rule in report.rules
        for one in rule.named
    ]
    return _table(
        "mapping",
        "Rules and techniques",
        "rule technique* name probability% why author",
        rows,
        "The probability is calibrated: of the techniques given 70 %, about 70 % agree with the "
        "tags of rules the mapper was measured on.",
    )


def coverage(report: MapRulesReport) -> Table:
    """Count the rules of each technique, in matrix order."""
    found: dict[str, list[tuple[MappedRule, MappedTechnique]]] = {}
    for rule in report.rules:
        for one in rule.named:
            found.setdefault(one.technique, []).append((rule, one))
    listed = sorted(found.values(), key=lambda pairs: (-len(pairs), pairs[0][1].technique))
    rows = [
        Row(
            cells=(
                pairs[0][1].technique,
                pairs[0][1].name,
                _tactics(pairs[0][1]),
                len(pairs),
                round(sum(one.probability for _, one in pairs), 1),
                "; ".join(rule.title for rule, _ in pairs[:4]) + ("; …" if len(pairs) > 4 else ""),
            ),
            evidence=tuple(dict.fromkeys(rule.rule_uid for rule, _ in pairs))[:MAX_EVIDENCE],
        )
        for pairs in listed
    ]
    return _table(
        "coverage", "Coverage", "technique* name tactics rules# expected_rules# such_as", rows
    )


def unsure(report: MapRulesReport) -> Table:
    """List the rules with no technique, or whose best one is below one half."""
    rows = [
        Row(
            cells=(
                rule.title,
                "; ".join(f"{one.technique} {one.probability:.0%}" for one in rule.techniques[:4]),
                rule.log_source,
                rule.author or "not named",
            ),
            evidence=(rule.rule_uid,),
        )
        for rule in report.rules
        if not rule.techniques or rule.techniques[0].probability < 0.5
    ]
    return _table(
        "unsure",
        "Nothing, or nothing likelier than not",
        "rule candidates log_source author",
        rows,
        "A person should choose here; the candidates are in order.",
    )


def disagreements(report: MapRulesReport) -> Table:
    """List the rules whose own tags have no technique in common with the mapping."""
    rows = [
        Row(
            cells=(
                rule.title,
                ", ".join(rule.own),
                ", ".join(f"{one.technique} {one.probability:.0%}" for one in rule.named) or "none",
                "the parent only" if rule.agreement == "parent" else "nothing",
                rule.author or "not named",
            ),
            evidence=(rule.rule_uid,),
        )
        for rule in report.rules
        if rule.agreement in ("parent", "other")
    ]
    return _table(
        "disagreements",
        "Where tags and mapping differ",
        "rule own_tags mapped in_common author",
        rows,
        "Tags are in today's ids. They were hidden from the mapping, and either side may be wrong.",
    )


def rejects(report: MapRulesReport) -> Table:
    """List what could not be used."""
    rows = [Row(cells=(one.path, one.line, one.reason)) for one in report.rejected]
    return _table("rejected", "Not used", "file line# reason", rows)


def scores(report: MapRulesReport) -> tuple[TechniqueScore, ...]:
    """Score techniques for the Navigator layer by how many rules name them."""
    found: dict[str, list[MappedRule]] = {}
    for rule in report.rules:
        for one in rule.named:
            found.setdefault(one.technique, []).append(rule)
    return tuple(
        TechniqueScore(
            technique=uid,
            score=float(len(rules)),
            evidence=tuple(rule.rule_uid for rule in rules[:MAX_EVIDENCE]),
            comment="; ".join(rule.title for rule in rules[:10]),
        )
        for uid, rules in sorted(found.items())
    )


def by_tactic(report: MapRulesReport) -> Counter[str]:
    """Count the rules of each tactic."""
    return Counter(
        tactic
        for rule in report.rules
        for tactic in {name for one in rule.named for name in one.tactics}
    )


def why(one: MappedTechnique, limit: int = 2) -> str:
    """Write the reasons of a technique in a line."""
    said: list[str] = []
    for reason in one.reasons[:limit]:
        if reason.kind == "cue":
            said.append(f"the rule says “{reason.text}”")
        elif reason.kind == "example":
            said.append(f"like the rule “{reason.source or reason.text}”")
        elif reason.kind == "procedure":
            said.append(f"ATT&CK: “{reason.text}”")
        elif reason.kind == "description":
            said.append(f"shares with the description: {reason.text}")
        else:
            said.append(f"the model quotes “{reason.text}”")
    return "; ".join(said)


def title_of(uid: str) -> str:
    """Write a technique as people do: id and name."""
    return f"{uid} {attack.current(uid).name}"


def _tactics(one: MappedTechnique) -> str:
    return ", ".join(attack.tactic_title(name) for name in one.tactics)


_KINDS: dict[str, Kind] = {"#": "number", "%": "share", "*": "technique"}


def _table(key: str, title: str, columns: str, rows: list[Row], note: str = "") -> Table:
    more = len(rows) > MAX_ROWS
    cut = f"The first {MAX_ROWS:,} of {len(rows):,}; the JSON report has all under data."
    return Table(
        key=key,
        title=title,
        columns=tuple(
            Column(name=name.rstrip("#%*").replace("_", " "), kind=_KINDS.get(name[-1], "text"))
            for name in columns.split()
        ),
        rows=tuple(rows[:MAX_ROWS]),
        note=" ".join(filter(None, (note, cut if more else ""))),
    )
