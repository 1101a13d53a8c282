"""The commands `rules list`, `check`, `explain` and `test`: about rules, before they run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.rule_options import ALL_RULES, RuleOptions
from sentree.errors import ExitCode, NotFoundError, UsageError

app = App(
    name="rules",
    help="List, check, explain and test Sigma rules.",
    help_format="plaintext",
    default_parameter=Parameter(negative=(), consume_multiple=True),
)


@app.command(name="list")
def list_rules(*, options: RuleOptions = ALL_RULES, common: Common = COMMON) -> int:
    """List rules: id, title, level, status, log source, pack, and whether they can run.

    Args:
        options: Which rules.
        common: Options of every command.
    """
    from sentree.report.rule_tables import rule_list
    from sentree.rules.states import rule_states

    library = options.library(common.settings(), common)
    states = rule_states(library)
    common.emit(
        rule_list(states),
        lambda: json.dumps([one.model_dump(mode="json") for one in states], indent=1),
    )
    return ExitCode.DONE


@app.command
def check(
    *,
    conventions: Annotated[
        bool, Parameter(negative="--no-conventions", help="Also what SigmaHQ asks of rules.")
    ] = True,
    strict: Annotated[bool, Parameter(help="Warnings count as errors.")] = False,
    options: RuleOptions = ALL_RULES,
    common: Common = COMMON,
) -> int:
    """Check rules without running them; code 10 when a rule can't be read or run.

    Args:
        conventions: Also report what SigmaHQ asks of rules: id, level, status, author, tags.
        strict: Leave with code 10 for warnings too.
        options: Which rules.
        common: Options of every command.
    """
    from dataclasses import replace

    from sentree.analysis.rule_check import check_rules
    from sentree.report.rule_tables import check_table

    # The problems are this command's data: they are not said on stderr as well.
    library = options.library(common.settings(), replace(common, quiet=True))
    problems = check_rules(library.loaded, conventions=conventions)
    common.emit(
        check_table(problems, len(library.loaded.rules)),
        lambda: json.dumps([one.model_dump(mode="json") for one in problems], indent=1),
    )
    grave = {"error", "warning"} if strict else {"error"}
    return ExitCode.FINDINGS if any(one.severity in grave for one in problems) else ExitCode.DONE


@app.command
def explain(rule: str, /, *, options: RuleOptions = ALL_RULES, common: Common = COMMON) -> int:
    """Explain a rule: its events, where its fields are read, its condition, the SQL.

    Args:
        rule: The rule's id, the start of one, its title, or its file.
        options: Among which rules.
        common: Options of every command.
    """
    from contextlib import ExitStack

    from sentree.lake.db import Lake
    from sentree.report.rule_tables import explanation
    from sentree.rules.explain import explain as explain_rule

    settings = common.settings()
    if not options.rules and Path(rule).is_file():
        options = RuleOptions(rules=(Path(rule),), placeholders=options.placeholders)
    library = options.library(settings, common)
    name = rule.lower()
    found = [
        one
        for one in library.loaded.rules
        if one.rule_uid.lower().startswith(name)
        or one.title.lower() == name
        or Path(one.path).absolute() == Path(rule).absolute()
        or Path(one.path).stem.lower() == name
    ]
    if not found:
        raise NotFoundError(f"no rule {rule}; see sentree rules list")
    if len(found) > 1:
        raise UsageError(f"{rule} fits {len(found)} rules: {', '.join(r.rule_uid for r in found)}")
    with ExitStack() as stack:
        lake = None
        if settings.lake_dir.exists():
            lake = stack.enter_context(Lake.open(settings, create=False))
        told = explain_rule(
            found[0], library.loaded.placeholders, lake=lake, tenant=settings.tenant
        )
    common.emit(explanation(told), lambda: told.model_dump_json(indent=1))
    return ExitCode.DONE


@app.command
def test(
    *,
    events: Annotated[
        Path | None, Parameter(help="Folder of samples, each file named by a rule's id or file.")
    ] = None,
    options: RuleOptions = ALL_RULES,
    common: Common = COMMON,
) -> int:
    """Run rules over their own sample events; code 10 when a rule does not do what they say.

    Samples of NAME.yml are NAME.match.jsonl (all must match) and NAME.nomatch.jsonl (none may)
    beside it, and the info.yml that its regression_tests_path names.

    Args:
        events: A folder of further samples: ID.json, NAME.jsonl, NAME.log or NAME.evtx, of which
            the rule must match one event or more.
        options: Which rules.
        common: Options of every command.
    """
    from sentree.report.rule_tables import test_table
    from sentree.rules.rule_tests import find_samples, run_samples

    if events is not None and not events.is_dir():
        raise UsageError(f"--events {events}: is no folder")
    library = options.library(common.settings(), common)
    samples = list(find_samples(library.loaded.rules, events))
    if not samples:
        raise NotFoundError(
            "no rule has sample events; write NAME.match.jsonl beside NAME.yml, or name --events"
        )
    tests = run_samples(library.loaded, samples)
    common.emit(
        test_table(tests, len(library.loaded.rules) - len(tests)),
        lambda: json.dumps([one.model_dump(mode="json") for one in tests], indent=1),
    )
    return ExitCode.FINDINGS if any(one.failures for one in tests) else ExitCode.DONE
