"""Counts what requests hold, in the peers' environment: it has a tokenizer that needs no network.

Reads the paths of recorded request bodies from the command line; prints JSON, one entry a path.
The tokenizer is `cl100k_base`, the same for all; its file comes with litellm. A request's text is
all that a model is shown: instructions, tools, schema and conversation.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stub import READ, last_text


def main() -> None:
    """Count every file named on the command line."""
    import_from = find_spec("litellm")
    if import_from is None or import_from.origin is None:
        sys.exit("litellm is not installed: no tokenizer")
    folder = Path(import_from.origin).parent / "litellm_core_utils" / "tokenizers"
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    from importlib import import_module

    encoding = import_module("tiktoken").get_encoding("cl100k_base")
    counted = [count(Path(path), encoding) for path in sys.argv[1:]]
    print(json.dumps(counted))


def count(path: Path, encoding: Any) -> dict[str, Any]:
    """Count the requests of one file: all, those of roots, and what was marked for the cache."""
    found = {"requests": 0, "characters": 0, "root": 0, "leaf": 0, "cached": 0}
    kept: set[str] = set()
    for line in path.read_text("utf-8").splitlines():
        body = json.loads(line)
        leaf = "output_config" in body or last_text(body["messages"]).startswith(READ)
        text = "\n".join(piece for piece, _ in pieces(body))
        tokens = len(encoding.encode_ordinary(text))
        found["requests"] += 1
        found["characters"] += len(text)
        found["leaf" if leaf else "root"] += tokens
        known = [prefix for prefix in prefixes(body) if prefix in kept]
        if known:
            found["cached"] += len(encoding.encode_ordinary(known[-1]))
        kept.update(prefixes(body))
    return found


def pieces(body: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Give the texts of a request in the order of the prompt, and whether each ends a prefix."""
    for tool in body.get("tools", ()):
        yield json.dumps(tool), False
    system = body.get("system", ())
    for part in [{"text": system}] if isinstance(system, str) else system:
        yield part["text"], "cache_control" in part
    if "output_config" in body:
        yield json.dumps(body["output_config"]), False
    for message in body["messages"]:
        content = message["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            marked = "cache_control" in block
            kind = block["type"]
            if kind == "tool_use":
                yield json.dumps(block["input"], ensure_ascii=False), marked
            else:
                yield block["content" if kind == "tool_result" else "text"], marked


def prefixes(body: dict[str, Any]) -> list[str]:
    """Give the beginnings of a request that end at a mark, and those an earlier mark left.

    A server keeps a prefix where a request marks its end, and finds it again in a longer one.
    """
    found: list[str] = []
    text = ""
    for piece, _ in pieces(body):
        text += piece + "\n"
        found.append(text)
    return found if any(marked for _, marked in pieces(body)) else []


if __name__ == "__main__":
    main()
