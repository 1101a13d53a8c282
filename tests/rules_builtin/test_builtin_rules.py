from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.rule import SigmaRule

import sentree.rules
from sentree.evals.generate import phishing, web_server, world

FOLDER = Path(next(iter(sentree.rules.__path__))) / "builtin"
FILES = sorted(FOLDER.glob("*.yml"))


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, which YAML loaders swallow."""


def _unique(loader: StrictLoader, node: yaml.MappingNode) -> dict[object, object]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = [key for key, count in Counter(keys).items() if count > 1]
    assert not twice, f"keys given twice: {twice}"
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique)


def rule_of(path: Path) -> SigmaRule:
    (rule,) = SigmaCollection.from_yaml(path.read_text(encoding="utf-8")).rules
    assert isinstance(rule, SigmaRule)
    return rule


def test_there_are_rules_for_each_kind_of_log() -> None:
    assert len(FILES) >= 40
    sources = {(r.logsource.product, r.logsource.category or r.logsource.service) for r in RULES}
    assert {
        ("windows", "process_creation"),
        ("windows", "registry_set"),
        ("windows", "process_access"),
        ("windows", "security"),
        ("windows", "system"),
        ("windows", "ps_script"),
        ("windows", "network_connection"),
        ("aws", "cloudtrail"),
        ("zeek", "http"),
    } <= sources


RULES = [rule_of(path) for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_rule_is_complete_and_parses(path: Path) -> None:
    fields = yaml.load(path.read_text(encoding="utf-8"), StrictLoader)
    assert list(fields) == [
        "title", "id", "status", "description", "author", "date", "license", "tags", "logsource",
        "detection", "falsepositives", "level",
    ]  # fmt: skip
    rule = rule_of(path)
    assert isinstance(rule.id, UUID)
    assert rule.level is not None
    assert rule.author == "Sentree maintainers"
    tags = [str(tag) for tag in rule.tags]
    assert any(re.fullmatch(r"attack\.t\d{4}(\.\d{3})?", tag) for tag in tags)
    assert any(re.fullmatch(r"attack\.[a-z-]+", tag) for tag in tags)
    for condition in rule.detection.parsed_condition:
        assert condition.parsed is not None


def test_ids_and_titles_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert len({rule.title for rule in RULES}) == len(RULES)


def test_no_rule_knows_the_generated_incidents_by_name() -> None:
    text = "\n".join(path.read_text(encoding="utf-8").lower() for path in FILES)
    names = [
        world.DOMAIN, world.NETBIOS, world.ACCOUNT, "msedgeupd", "wmihost", "edgetelemetry",
        "svcmon", "websupport", "svc.telemetry", "harborlane", "203.0.113.", "198.51.100.",
        *(str(v) for m in (phishing, web_server) for k, v in vars(m).items()
          if k.endswith(("_NAME", "_IP")) and isinstance(v, str)),
    ]  # fmt: skip
    assert not [name for name in names if name.lower() in text]
