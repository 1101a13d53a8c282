"""The commands `map-rules` and `map-rules train`: detection rules to ATT&CK techniques."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.scenarios import (
    NO_MODEL,
    Executor,
    ModelFlags,
    finish,
    run_scenario,
)
from sentree.errors import ExitCode, UsageError

FORMATS = ("html", "md", "navigator")

app = App(
    name="map-rules",
    help="Map detection rules onto ATT&CK techniques, with probability and reason.",
    help_format="plaintext",
    default_parameter=Parameter(negative=(), consume_multiple=True),
)


@app.default
def map_rules(
    *paths: str,
    trained: Path | None = None,
    title: str = "",
    top: int = 5,
    strict: Annotated[bool, Parameter(help="Fail when anything had to be set aside.")] = False,
    executor: Executor | None = None,
    report: tuple[str, ...] = FORMATS,
    flags: ModelFlags = NO_MODEL,
    common: Common = COMMON,
) -> int:
    """Map detection rules onto ATT&CK techniques; their tags are hidden from the mapping.

    Args:
        paths: Files, folders, glob patterns: Sigma, Splunk, Sentinel, Elastic rules, queries, text.
        trained: A file that `map-rules train` wrote; without it ATT&CK's own texts decide.
        title: A title for the report.
        top: Techniques to keep for each rule.
        strict: Exit with 5 when anything had to be set aside.
        executor: prefect (task runs with state) or local; default local without a server.
        report: Formats of the report: html, md, json, navigator, csv.
        flags: A language model that reads the rules as well.
        common: Options of every command.
    """
    from schemas.map_rules import MapRulesRequest

    if not paths:
        raise UsageError("name at least one rule file, folder or glob pattern")
    if not 1 <= top <= 50:
        raise UsageError(f"--top {top}: must be 1 to 50")
    settings = flags.settings(common)
    request = MapRulesRequest(
        paths=paths,
        trained=str(trained) if trained else None,
        title=title,
        top=top,
        tenant_uid=settings.tenant,
        formats=report,
    )
    result = run_scenario(
        settings, request, common, name="map_rules", executor=executor, flags=flags
    )
    return finish(result, common, strict=strict, what="documents or files")


@app.command
def train(
    *paths: str,
    out: Path = Path("rule-mapper.json"),
    common: Common = COMMON,
) -> int:
    """Learn from your own tagged rules; writes a file for `map-rules --trained`.

    Args:
        paths: Files and folders of tagged rules, 20 to 8,000.
        out: The file to write. It holds the rules' texts and authors: treat it as the rules.
        common: Options of every command.
    """
    from sentree.analysis.map_rules.mapper import load_ground
    from sentree.analysis.map_rules.training import save
    from sentree.analysis.map_rules.training import train as learn
    from sentree.evals.map_rules import training_report

    if not paths:
        raise UsageError("name at least one folder of tagged rules")
    common.say("reading ATT&CK and the rules; the first time this takes a minute or more")
    ground = load_ground(common.settings())
    training = learn(ground, paths)
    save(ground, training, out)
    report = training_report(training)
    for one in training.rejected[:20]:
        common.say(f"set aside: {one.path}:{one.line}: {one.reason}")
    if report.unknown:
        common.say(f"tags that ATT&CK does not have: {', '.join(report.unknown[:20])}")
    common.say(f"the trained mapper is in {out}")
    common.emit(
        f"learned from {report.rules:,} rules with {report.techniques:,} techniques "
        f"({report.without_label:,} without a tag, {report.rejected:,} set aside)\n"
        f"each rule judged without itself: micro-F1 {report.micro_f1:.2f}, on parent techniques "
        f"{report.parent_micro_f1:.2f}, recall at 3 {report.recall_at_3:.2f}",
        lambda: report.model_dump_json(indent=1),
    )
    return ExitCode.DONE
