"""The command line. Each command loads only what it needs, so that help answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from sentree import __version__
from sentree.errors import ExitCode, SentreeError

app = App(
    name="sentree",
    version=__version__,
    help="Security-log analysis as recursive workflows, every sentence cited and checked.",
    help_format="plaintext",
    default_parameter=Parameter(negative=(), consume_multiple=True),
    suppress_keyboard_interrupt=False,
)
lake = App(name="lake", help="Look at the lake, and keep it up.")
config = App(name="config", help="Look at the configuration.")
evaluation = App(name="eval", help="Measure Sentree: accuracy, and paths against each other.")
route = App(name="route", help="Explain, measure and train the router.")
app.command(lake)
app.command(config)
app.command(evaluation)
app.command(route)

_COMMANDS = {
    "demo": ("sentree.cli.demo:demo", "Generate an incident, run everything, write the report."),
    "ingest": ("sentree.cli.load:ingest", "Load logs into the lake."),
    "detect": ("sentree.cli.load:detect", "Run Sigma rules over the lake."),
    "rules": ("sentree.cli.rules:app", "List, check, explain and test Sigma rules."),
    "timeline": ("sentree.cli.analyse:timeline", "Build the cited timeline of an incident."),
    "ask": ("sentree.cli.ask:ask", "Ask the lake, or any text, a question."),
    "intel": ("sentree.cli.intel:intel", "Merge STIX bundles into one cited report."),
    "triage": ("sentree.cli.triage:triage", "Rank CVEs with SSVC decisions and reasons."),
    "evidence": ("sentree.cli.evidence:evidence", "Judge controls by evidence; OSCAL out."),
    "chain": ("sentree.cli.chain:chain", "Order the steps of an incident, name their techniques."),
    "map-rules": ("sentree.cli.map_rules:app", "Map detection rules onto ATT&CK techniques."),
    "correlate": (
        "sentree.cli.correlate:correlate",
        "Find one campaign in several tenants; report to each its own.",
    ),
    "metrics": ("sentree.cli.look:metrics", "Count events, computers, channels, logons."),
    "search": ("sentree.cli.look:search", "Find events by text, pattern or field."),
    "pivot": ("sentree.cli.look:pivot", "List what findings name, to search for it."),
    "hunt": ("sentree.cli.hunt:hunt", "Run STIX indicators over the lake."),
    "classify": ("sentree.cli.classify:classify", "Tell the OCSF class of every raw record."),
    "digest": ("sentree.cli.digest:digest", "Tell what is new since the last digest."),
    "serve": ("sentree.cli.serve:serve", "Serve all deployments: schedules and forms."),
    "redact": ("sentree.cli.redact:redact", "Show what a language model would be sent of a text."),
    "show": ("sentree.cli.read:show", "Show a run, or drill down to a claim, node or event."),
    "report": ("sentree.cli.read:report", "Write the reports of a run again, in any format."),
    "generate": ("sentree.cli.generate:generate", "Generate labelled data to try things on."),
    "exporter": ("sentree.cli.exporter:exporter", "Give Prometheus what it watches."),
    "doctor": ("sentree.cli.check:doctor", "Check what this installation needs."),
    "completion": ("sentree.cli.check:completion", "Print a shell's completion script."),
}
for _name, (_target, _help) in _COMMANDS.items():
    app.command(_target, name=_name, help=_help)
lake.command("sentree.cli.check:lake_info", name="info", help="Say what is in the lake.")
lake.command(
    "sentree.cli.check:lake_dangling",
    name="dangling",
    help="List STIX references that lead nowhere.",
)
for _name, _help in (
    ("check", "Check that the lake is sound; remove files nobody knows."),
    ("compact", "Merge small files, leave out deleted rows."),
    ("expire", "Remove events beyond retention, old snapshots and files."),
    ("retain", "Say how long a tenant's events are kept."),
    ("forget", "Remove a tenant's or an entity's records for good."),
    ("export", "Write events in the layout of Security Lake."),
):
    lake.command(f"sentree.cli.lake:{_name}", name=_name, help=_help)
evaluation.command(
    "sentree.cli.eval:accuracy", name="accuracy", help="Measure accuracy on generated data."
)
evaluation.command(
    "sentree.cli.eval_run:run_evaluation", name="run", help="Compare paths on cases of known truth."
)
config.command("sentree.cli.check:config_show", name="show", help="Show settings and sources.")
for _name, _target, _help in (
    ("explain", "explain", "Say how a question would be routed, and why."),
    ("eval", "evaluate", "Measure the router on labelled questions."),
    ("train", "train", "Train the router on labelled questions."),
):
    route.command(f"sentree.cli.route:{_target}", name=_name, help=_help)
evaluation.command(
    "sentree.cli.verdict:report", name="report", help="Write the report of an experiment."
)
evaluation.command(
    "sentree.cli.verdict:decide", name="decide", help="Decide: Adopt, Monitor or Defer."
)
evaluation.command(
    "sentree.cli.ab:app", name="ab", help="Let people compare the answers of two paths, blind."
)


UNREACHED = "Failed to reach API at"
"""How Prefect's client begins to say that its server is out of reach."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; give the exit code. No traceback reaches a user unless `-v` is given."""
    verbose = any(word in ("-v", "--verbose") for word in arguments)
    try:
        code = app(
            list(arguments), exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        return _fail(f"{str(error).strip().splitlines()[0]} (see sentree --help)", ExitCode.USAGE)
    except SentreeError as error:
        if verbose:
            sys.excepthook(type(error), error, error.__traceback__)
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("stopped; nothing half-loaded was kept", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except Exception as error:
        if verbose:
            sys.excepthook(type(error), error, error.__traceback__)
        reason = str(error).splitlines()[0] if str(error) else ""
        if reason.startswith(UNREACHED):
            advice = "start it, or unset PREFECT_API_URL, or use --executor local"
            return _fail(f"no Prefect server answers: {reason}; {advice}", ExitCode.CONFIGURATION)
        return _fail(f"unexpected {type(error).__name__}: {reason} (-v shows where)", 1)
    return code if isinstance(code, int) else ExitCode.DONE


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def _fail(text: str, code: int) -> int:
    from sentree.report.escape import terminal

    sys.stderr.write(f"sentree: {terminal(text)}\n")
    return int(code)
