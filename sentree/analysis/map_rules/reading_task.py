"""What a language model is to read of rules: their texts without labels."""

from __future__ import annotations

from schemas.map_rules import MapRulesLeaf, MapRulesRequest
from schemas.query import Scenario
from sentree.analysis.map_rules.reading import find_rule_files, read_rule_file, without_doubles
from sentree.analysis.map_rules.run import refuse_empty
from sentree.analysis.model_reading import ReadingTask
from sentree.settings import Settings

QUESTION = "Which ATT&CK techniques does each of these detection rules detect?"


def reading_task(settings: Settings, request: MapRulesRequest) -> ReadingTask:
    """Give the rules as they are judged: tags, references and ids are left out.

    Raises:
        UnreadableInputError: no file holds a rule.
    """
    kept = without_doubles([read_rule_file(path) for path in find_rule_files(request.paths)])
    refuse_empty(kept)
    texts = {rule.uid: rule.text for file in kept for rule in file.rules}
    return ReadingTask(Scenario.MAP_RULES, QUESTION, MapRulesLeaf, texts)
