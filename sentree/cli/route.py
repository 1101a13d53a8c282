"""The commands `route explain`, `route eval` and `route train`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from sentree.cli.common import COMMON, Common
from sentree.errors import ConfigurationError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from schemas.query import ContextFacts, RouteExplanation

SHIPPED_QUERIES = "queries.jsonl"
FAMILIAR = 0.4
"""Of 32 of the other wordings, about 1 in 20 is less similar to all labelled queries."""


def explain(
    query: str,
    *,
    events: int | None = None,
    tokens: int | None = None,
    partitions: int | None = None,
    route: Literal["auto", "direct", "rlm"] = "auto",
    common: Common = COMMON,
) -> int:
    """Say how a question would be routed, and why.

    Args:
        query: The question.
        events: Events in its context, if known.
        tokens: Tokens of its context, if known.
        partitions: Partitions of its context, if known.
        route: Let the router choose, or force a path as `ask --route` does.
        common: Options of every command.
    """
    with _errors():
        from models.router import SHIPPED, Router
        from models.router_explain import explain as explain_route
        from models.train_router import read_queries
        from schemas.query import Path as RoutePath
        from schemas.query import Query

        found = explain_route(
            Router.preferred(common.settings().router_dir),
            Query(text=query),
            _facts(events, tokens, partitions),
            read_queries(SHIPPED / SHIPPED_QUERIES),
            None if route == "auto" else RoutePath(route),
        )
    common.emit(_explained(found), lambda: found.model_dump_json(indent=1))
    return ExitCode.DONE


def evaluate(
    queries: Path | None = None,
    *,
    compare: Annotated[bool, Parameter(help="Cross-validate each recipe of features too.")] = False,
    contrastive: Annotated[
        bool,
        Parameter(help="With --compare: a contrastive body as well, on one fold; takes minutes."),
    ] = False,
    card: Annotated[Path | None, Parameter(help="Write the model card to this file.")] = None,
    folds: Annotated[int, Parameter(help="With --compare: how many of five folds to run.")] = 5,
    seed: int = 20,
    common: Common = COMMON,
) -> int:
    """Measure the router in use on labelled questions that it was not trained on.

    Args:
        queries: Labelled queries, one JSON object a line (text, path, scenario, group); without
            it, those that come with the product and are kept out of training.
        compare: Cross-validate each recipe of features, paraphrase groups held out.
        contrastive: With --compare, tune a contrastive body for the first fold too.
        card: Write the model card to this file.
        folds: With --compare, how many of the five folds to run.
        seed: Seed of the folds.
        common: Options of every command.
    """
    import json

    if contrastive and not compare:
        raise UsageError("--contrastive goes with --compare")
    if not 1 <= folds <= 5:
        raise UsageError("--folds is 1 to 5")
    with _errors():
        from models.router import SHIPPED, Router
        from models.train_router import read_queries
        from sentree.evals import router_card, router_compare

        router = Router.preferred(common.settings().router_dir)
        if queries is None:
            sets = {
                name: read_queries(SHIPPED / file)
                for name, file in router_compare.NEVER_TRAINED.items()
            }
        else:
            sets = {queries.name: read_queries(queries)}
        if not all(sets.values()):
            raise UsageError(f"{queries} holds no labelled queries")
        unseen = [router_compare.measure_router(router, some, name) for name, some in sets.items()]
        latency = router_compare.measure_latency(router, next(iter(sets.values())))
        compared = (
            router_compare.compare(
                read_queries(SHIPPED / SHIPPED_QUERIES),
                router_compare.RECIPES,
                seed,
                contrastive,
                folds,
                common.progress("recipes measured"),
            )
            if compare
            else []
        )
        if card:
            _write(card, router_card.card(router.heads, unseen, compared, latency))
    lines = router_card.score_lines([*unseen, *compared])
    for one in unseen[0].scores:
        lines += ["", *router_card.confusion_lines(one), "", *router_card.curve_lines(one)]
    lines += ["", router_card.latency_line(latency)]
    data: dict[str, Any] = {
        "router": router.version,
        "measured": [
            {
                "classifier": one.classifier,
                "questions": one.questions,
                "scores": [
                    {
                        **score._asdict(),
                        "accuracy": score.accuracy._asdict(),
                        "curve": [rung._asdict() for rung in score.curve],
                    }
                    for score in one.scores
                ],
            }
            for one in (*unseen, *compared)
        ],
        "latency_ms": latency._asdict(),
    }
    common.emit("\n".join(lines), lambda: json.dumps(data, indent=1))
    return ExitCode.DONE


def train(
    *,
    queries: Annotated[
        Path | None, Parameter(help="Labelled queries; default: those shipped.")
    ] = None,
    contrastive: Annotated[
        bool, Parameter(help="Tune the sentence encoder too (SetFit); takes minutes.")
    ] = False,
    out: Annotated[Path | None, Parameter(help="Folder of the heads; default HOME/router.")] = None,
    seed: int = 20,
    common: Common = COMMON,
) -> int:
    """Train the router; what is trained into HOME/router is used before what is shipped.

    Args:
        queries: Labelled queries, one JSON object a line (text, path, scenario, group).
        contrastive: Tune the sentence encoder by SetFit's contrastive training first.
        out: Folder that the head files go to.
        seed: Equal seeds and queries give equal bytes.
        common: Options of every command.
    """
    import json

    with _errors():
        from models.router import SHIPPED
        from models.train_router import check_trainable, read_queries
        from models.train_router import train as train_heads

        file = queries or SHIPPED / SHIPPED_QUERIES
        labelled = read_queries(file)
        check_trainable(labelled)
        patches = ()
        if contrastive:
            from models.router_contrastive import STEPS, adapt

            common.say(f"tuning the sentence encoder on {len(labelled):,} queries, {STEPS} steps")
            patches = adapt(labelled, seed)
        folder = out or common.settings().router_dir
        common.say(f"training the heads on {len(labelled):,} queries")
        heads = train_heads(file, folder, seed, patches)
    text = "\n".join(f"{one.version}  {folder / _file_name(one.kind)}" for one in heads)
    data = [{"version": one.version, "file": str(folder / _file_name(one.kind))} for one in heads]
    common.emit(text, lambda: json.dumps(data, indent=1))
    return ExitCode.DONE


def _file_name(kind: str) -> str:
    from models.router_heads import FILE_NAMES

    return FILE_NAMES[kind]


def _facts(events: int | None, tokens: int | None, partitions: int | None) -> ContextFacts | None:
    from schemas.query import ContextFacts

    if events is None and tokens is None and partitions is None:
        return None
    if tokens is None or partitions is None:
        raise UsageError("give --tokens and --partitions together; --events is optional")
    if min(tokens, partitions, events or 0) < 0:
        raise UsageError("--events, --tokens and --partitions are not negative")
    return ContextFacts(events=events or 0, characters=4 * tokens, partitions=partitions)


def _explained(found: RouteExplanation) -> str:
    from sentree.report.tables import table

    decision = found.decision
    lines = [f"{decision.path} / {decision.scenario}, decided by {decision.decided_by}", ""]
    for target, probabilities in (
        ("path", decision.path_probabilities),
        ("scenario", decision.scenario_probabilities),
    ):
        ordered = sorted(probabilities.items(), key=lambda item: -item[1])
        likely = [f"{name} {p:.2f}" for name, p in ordered if p >= 0.005]
        lines.append(f"{target:<9} {', '.join(likely)}")
    lines += ["", "because", *(f"  {reason}" for reason in decision.reasons)]
    if found.signals:
        lines += ["", "what spoke for it (log-odds against the second best)"]
        lines += table(
            ("  target", "for", "against", "feature", "weight"),
            [
                (f"  {one.target}", one.label, one.against, one.feature, f"{one.weight:+.2f}")
                for one in found.signals
            ],
        )
    if found.nearest:
        lines += ["", "nearest labelled queries"]
        lines += table(
            ("  similar", "path", "scenario", "query"),
            [
                (f"  {one.similarity:.2f}", one.path, one.scenario, one.text)
                for one in found.nearest
            ],
        )
        if found.nearest[0].similarity < FAMILIAR:
            lines.append("  none is much like it: the probabilities say little here")
    lines += [
        "",
        "what the context would change",
        f"  below {found.direct_below_tokens:,} tokens, or in one partition: {found.small}",
        f"  larger: {found.large}",
        f"  classified by {decision.router_version}",
    ]
    return "\n".join(lines)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--card {file}: {error.strerror}") from None


@contextmanager
def _errors() -> Generator[None]:
    """Turn the router's own errors, and missing optional packages, into errors of a command."""
    from models.router_heads import RouterError

    try:
        yield
    except RouterError as error:
        raise ConfigurationError(f"router: {error}") from None
    except ImportError as error:
        raise ConfigurationError(
            f"{error.name or error} is not installed: pip install 'sentree[router]'"
        ) from None
