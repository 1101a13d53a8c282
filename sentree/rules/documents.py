"""Reads the YAML documents of a rule file, with their lines; hostile YAML can't take it down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode
from yaml.nodes import Node as YamlNode

MAX_FILE_BYTES = 2 * 1024 * 1024
MAX_YAML_NODES = 100_000
MAX_YAML_DEPTH = 200
_INDENT = re.compile(r"^[ \-?:]*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document and the line where it begins."""

    line: int
    value: Any


class Unreadable(Exception):
    """A file, or the rest of it, can't be read."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def read_content(path: Path) -> bytes:
    """Read a rule file.

    Raises:
        Unreadable: it can't be read, or is too large for a rule file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Unreadable(1, f"can't be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise Unreadable(1, f"is larger than {MAX_FILE_BYTES} bytes")
    return content


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "is not UTF-8 text") from None
    if not text.strip():
        raise Unreadable(1, "is empty")
    return text


def read_documents(content: bytes) -> Iterator[Document]:
    """Give a file's documents, those before a mistake included.

    Raises:
        Unreadable: the content is no UTF-8, no YAML, or would grow without bound.
    """
    text = _decoded(content)
    loader = yaml.CSafeLoader(text)
    try:
        if _may_be_deep(text):
            _check_depth(text)
        while loader.check_node():
            node: YamlNode | None = loader.get_node()
            if node is None:
                continue
            line = node.start_mark.line + 1
            _check_nodes(node, line)
            value = loader.construct_document(node)
            if value is not None:
                yield Document(line, value)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Unreadable(line, f"is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise Unreadable(1, f"is not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise Unreadable(1, "is nested too deep") from None
    except (ValueError, OverflowError, TypeError) as error:
        raise Unreadable(1, f"holds a value that can't be read: {error}") from None
    finally:
        loader.dispose()


def _may_be_deep(text: str) -> bool:
    """Bound the nesting from above: no level without a bracket, or a step to the right."""
    brackets = text.count("[") + text.count("{")
    return brackets + max(map(len, _INDENT.findall(text)), default=0) > MAX_YAML_DEPTH


def _check_depth(text: str) -> None:
    # The C loader recurses without a limit and takes the process with it.
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_YAML_DEPTH:
                raise Unreadable(1, "is nested too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_nodes(root: YamlNode, line: int) -> None:
    """Refuse what grows without bound when walked as a tree, and keys that hide one another."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()
    stack: list[tuple[YamlNode, bool]] = [(root, False)]
    while stack:
        node, visited = stack.pop()
        children = _children(node)
        if visited:
            size = 1 + sum(sizes[id(child)] for child in children)
            if size > MAX_YAML_NODES:
                raise Unreadable(line, "has too many nodes (aliases count as what they repeat)")
            sizes[id(node)] = size
            open_nodes.discard(id(node))
        elif id(node) not in sizes:
            if id(node) in open_nodes:
                raise Unreadable(node.start_mark.line + 1, "holds an alias to itself")
            open_nodes.add(id(node))
            if isinstance(node, MappingNode):
                _check_keys(node)
            stack.append((node, True))
            for child in children:
                if id(child) in open_nodes:
                    raise Unreadable(child.start_mark.line + 1, "holds an alias to itself")
                stack.append((child, False))


def _children(node: YamlNode) -> list[YamlNode]:
    if isinstance(node, MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _check_keys(node: MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, ScalarNode):
            if key.value in seen:
                raise Unreadable(key.start_mark.line + 1, f"has the key '{key.value}' twice")
            seen.add(key.value)
