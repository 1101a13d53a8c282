"""The prompts: text files beside this module, filled with a run's marker, named by their hash."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files


@cache
def prompt_text(name: str) -> str:
    """Give the text of `prompts/NAME.md`."""
    return files("sentree.engine").joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")


@cache
def prompt_hash(*names: str) -> str:
    """Give the first 16 hex digits of the prompts' hash: a prompt's version in the trajectory."""
    text = "\0".join(prompt_text(name) for name in names)
    return sha256(text.encode()).hexdigest()[:16]


def fill(name: str, **values: str) -> str:
    """Give a prompt with its `{name}` marks replaced; other braces stay as they are."""
    text = prompt_text(name)
    for key, value in values.items():
        text = text.replace("{" + key + "}", value)
    return text
