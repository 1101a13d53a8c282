"""What a language model is to read of accounts: their steps, without technique ids."""

from __future__ import annotations

from schemas.chain import ChainLeaf, ChainRequest
from schemas.query import Scenario
from sentree.analysis.chain.run import refuse_empty
from sentree.analysis.chain.sources import find_files, read_source
from sentree.analysis.model_reading import ReadingTask
from sentree.settings import Settings

QUESTION = "Which ATT&CK technique is each step, and which steps did it come directly after?"


def reading_task(settings: Settings, request: ChainRequest) -> ReadingTask:
    """Give the steps of all accounts: name and description.

    Raises:
        UnreadableInputError: no file holds a step.
    """
    files = [read_source(path) for path in find_files(request.paths)]
    refuse_empty(files)
    texts = {
        step.step_uid: f"{step.name}\n{step.description}".strip()
        for file in files
        for account in file.accounts
        for step in account.steps
    }
    return ReadingTask(Scenario.CHAIN, QUESTION, ChainLeaf, texts)
