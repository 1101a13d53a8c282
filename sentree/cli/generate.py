"""The command `generate`: data with known truth, to try Sentree on and to measure it with."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from cyclopts import Parameter
from pydantic import BaseModel, ValidationError

from sentree.cli.common import COMMON, Common
from sentree.errors import ConfigurationError, ExitCode, UsageError


class Kind(StrEnum):
    """What can be generated."""

    INCIDENT = "incident"
    CAMPAIGN = "campaign"
    INTEL = "intel"
    VULNERABILITIES = "vulnerabilities"
    COMPLIANCE = "compliance"
    STEPS = "steps"
    QUESTIONS = "questions"


class _Generator(NamedTuple):
    """A specification, what makes the data and gives the truth, and the command to try."""

    spec: type[BaseModel]
    make: Callable[[Path, Any], BaseModel]
    then: str


def generate(
    kind: Kind,
    out: Path,
    *,
    seed: int | None = None,
    set: Annotated[
        tuple[str, ...],
        Parameter(help="NAME=VALUE of the specification, such as days=5; a wrong name lists all."),
    ] = (),
    common: Common = COMMON,
) -> int:
    """Generate a labelled case: an incident's logs, a campaign in several tenants, and others.

    Equal specifications give equal bytes. What is true goes beside the data, to OUT.truth.json.

    Args:
        kind: What to generate.
        out: Folder for the data.
        seed: Number of the case.
        set: Values of the specification.
        common: Options of every command.
    """
    generator = _generator(kind)
    spec = _read_spec(generator.spec, seed, set)
    truth_path = out.parent / f"{out.name}.truth.json"
    try:
        text = generator.make(out, spec).model_dump_json(indent=1)
        truth_path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{out}: {error.strerror or error}") from None
    files = sum(one.is_file() for one in out.rglob("*"))
    told = f"{files} files in {out}, the truth in {truth_path}; next: {generator.then}"
    common.emit(told.replace("OUT", str(out)), lambda: text)
    return ExitCode.DONE


def _read_spec(spec: type[BaseModel], seed: int | None, words: tuple[str, ...]) -> BaseModel:
    values: dict[str, str] = {} if seed is None else {"seed": str(seed)}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in spec.model_fields:
            names = ", ".join(spec.model_fields)
            raise UsageError(f"--set {word}: give NAME=VALUE, with a name of {names}")
        values[name] = value
    try:
        return spec.model_validate_strings(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "specification"
        raise UsageError(f"--set {name}: {first['msg']}") from None


def _generator(kind: Kind) -> _Generator:
    match kind:
        case Kind.INCIDENT:
            from schemas.scenario import IncidentSpec
            from sentree.evals.generate.incident import generate_incident

            return _Generator(IncidentSpec, generate_incident, "sentree ingest OUT")
        case Kind.CAMPAIGN:
            from schemas.campaign_truth import CampaignSpec
            from sentree.evals.generate.campaign import generate_campaign

            return _Generator(CampaignSpec, generate_campaign, "sentree ingest OUT")
        case Kind.INTEL:
            from schemas.intel_truth import IntelSpec
            from sentree.evals.generate.intel import generate_intel

            return _Generator(IntelSpec, generate_intel, "sentree intel OUT")
        case Kind.VULNERABILITIES:
            from schemas.triage_truth import TriageSpec
            from sentree.evals.generate.vulnerabilities import generate_vulnerabilities

            return _Generator(TriageSpec, generate_vulnerabilities, "sentree triage OUT")
        case Kind.COMPLIANCE:
            from schemas.evidence_truth import ComplianceSpec
            from sentree.evals.generate.compliance import FINDINGS, OSCAL, generate_compliance

            then = f"sentree evidence --catalog OUT/{OSCAL} --evidence OUT/{FINDINGS}"
            return _Generator(ComplianceSpec, generate_compliance, then)
        case Kind.STEPS:
            from schemas.chain_truth import ChainSpec

            return _Generator(ChainSpec, _make_steps, "sentree chain OUT")
        case Kind.QUESTIONS:
            from schemas.question_truth import QuestionSpec
            from sentree.evals.generate.questions import generate_questions

            return _Generator(QuestionSpec, generate_questions, "sentree ingest OUT")


def _make_steps(out: Path, spec: Any) -> BaseModel:
    from pydantic import RootModel

    from schemas.chain_truth import TrueAccount
    from sentree.evals.generate.steps import generate_steps, write_accounts

    accounts = generate_steps(spec)
    write_accounts(out, accounts)
    return RootModel[tuple[TrueAccount, ...]](accounts)
