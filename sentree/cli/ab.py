"""The commands `eval ab make` and `eval ab read`: blind ratings by people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from sentree.cli.common import COMMON, Common
from sentree.cli.verdict import PathName
from sentree.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from schemas.rating import Rating

app = App(
    name="ab",
    help="Let people compare the answers of two paths, blind.",
    help_format="plaintext",
    default_parameter=Parameter(negative=(), consume_multiple=True),
)


@app.command
def make(
    experiment: str | None = None,
    *,
    answers: tuple[Path, ...] = (),
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    key: Path,
    baseline: PathName = "direct",
    path: PathName = "rlm-planned",
    task: tuple[str, ...] = (),
    seed: int = 7,
    common: Common = COMMON,
) -> int:
    """Write a blind sheet of pairs, as a page and as CSV, and its key apart; prints the paths.

    Args:
        experiment: Name of an experiment of `sentree eval run`, whose answers are compared.
        answers: Files of answers instead: JSON lines with case_uid, path and text (or answer).
        out: Folder of the sheet, to be given to raters.
        key: File that says which side is which; keep it from raters.
        baseline: One of the two paths.
        path: The other.
        task: Only answers of these tasks.
        seed: Shuffles order and sides.
        common: Options of every command.
    """
    import json

    from schemas.experiment import EvalPath
    from sentree.evals.verdict.blind import answers_of, make_sheet, read_answers
    from sentree.report.blind_sheet import sheet_csv, sheet_html

    if key.resolve().parent == out.resolve():
        raise UsageError(f"--key {key}: in the folder that raters get; put it elsewhere")
    if answers:
        found, rejected = read_answers(answers)
    elif experiment is None:
        raise UsageError("name an experiment of `sentree eval run`, or files: --answers FILE")
    else:
        from sentree.lake.trials import read_trials

        found, rejected = answers_of(read_trials(common.settings(), experiment)), 0
    if rejected:
        common.say(f"rejected {rejected:,} lines: no case_uid, path and text")
    if task:
        found = [one for one in found if one.task in task]
    sheet = make_sheet(found, EvalPath(baseline), EvalPath(path), seed)
    if sheet.unpaired:
        common.say(f"left out {sheet.unpaired:,} cases that only one path answered")
    name = sheet.key.sheet
    written = {
        out / f"sheet-{name}.html": sheet_html(name, sheet.items),
        out / f"sheet-{name}.csv": sheet_csv(name, sheet.items),
        key: sheet.key.model_dump_json(indent=1) + "\n",
    }
    try:
        for file, text in written.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None
    lines = [str(file) for file in written]
    common.emit("\n".join(lines), lambda: json.dumps(lines, indent=1))
    return ExitCode.DONE


@app.command
def read(
    *sheets: Path,
    key: Path,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    common: Common = COMMON,
) -> int:
    """Read filled sheets back: win rate with interval, sign test, agreement between raters.

    Args:
        sheets: CSV files, one or more per rater.
        key: What `eval ab make` wrote apart.
        out: Write the result as JSON, for `eval report --ratings`.
        common: Options of every command.
    """
    from pydantic import ValidationError

    from schemas.rating import SheetKey
    from sentree.errors import UnreadableInputError
    from sentree.evals.verdict.ratings import add_up
    from sentree.evals.verdict.sheet_files import read_votes

    if not sheets:
        raise UsageError("name at least one filled sheet")
    try:
        secret = SheetKey.model_validate_json(key.read_bytes())
    except OSError as error:
        raise UnreadableInputError(f"--key {key}: {error.strerror}") from None
    except ValidationError:
        raise UnreadableInputError(f"--key {key}: no key of `sentree eval ab make`") from None
    votes, rejected = read_votes(sheets, secret)
    for reason in rejected:
        common.say(f"rejected: {reason}")
    rating = add_up(secret, votes, rejected)
    if out is not None:
        try:
            out.write_text(rating.model_dump_json(indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--out {out}: {error.strerror}") from None
    common.emit(_text(rating), lambda: rating.model_dump_json(indent=1))
    return ExitCode.DONE


def _text(one: Rating) -> str:
    bounds = "no interval" if one.low is None else f"{one.low:.0%} to {one.high:.0%}"
    lines = [
        f"{one.path} against {one.baseline}: preferred in {one.win_rate:.0%} [{bounds}]",
        f"items: {one.wins} won, {one.ties} tied, {one.losses} lost, {one.unrated} not rated; "
        f"sign test p = {one.sign_test:.3f}",
        f"raters: {one.raters}, {one.ratings} ratings",
    ]
    if one.agreement is not None:
        found = one.agreement
        kappa = "not defined" if found.kappa is None else f"{found.kappa:.2f}"
        reach = "" if found.low is None else f" [{found.low:.2f} to {found.high:.2f}]"
        lines.append(
            f"agreement: {found.statistic} {kappa}{reach} on {found.items} items, "
            f"observed {found.observed:.0%}"
        )
    if one.side_a is not None:
        lines.append(f"side A was chosen in {one.side_a:.0%} (p = {one.side_test:.3f})")
    return "\n".join(lines)
