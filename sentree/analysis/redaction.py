"""Which redaction a run works with: the policy file, its check, and the redactor made of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from schemas.redaction import OFF, Entities, Names, RedactionPolicy
from sentree.analysis.secret import installation_secret
from sentree.engine.redaction import Redactor
from sentree.engine.redaction.secrets import TRIGGERS
from sentree.errors import ConfigurationError
from sentree.lake.context import Context
from sentree.lake.known_names import known_names
from sentree.lake.masking import mask_context
from sentree.settings import Settings

NAME_OFF = "off"
DEFAULT = "default"
SCRIPTED = "scripted:"
_PATH = re.compile(r"[A-Za-z_]\w*(?:\[\])?(?:\.[A-Za-z_]\w*(?:\[\])?)*")
# Nested repeats and back references are what lets an expression run for ever.
_UNSAFE = re.compile(r"\\[1-9]|\(\?P=|\(\?[=!<]|[*+}]\)[*+{]")


def redaction_policy(settings: Settings) -> RedactionPolicy:
    """Read the policy that the settings name; without one, secrets are masked.

    Raises:
        ConfigurationError: the file can't be read or says what can't be done; names the line.
    """
    named = settings.redaction
    if named is None or named == DEFAULT:
        return RedactionPolicy()
    if named == NAME_OFF:
        return OFF
    path = Path(named).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(
            f"redaction policy {path} can't be read: {error.strerror} (name a TOML file, 'default' "
            "or 'off')"
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"redaction policy {path} is no TOML: {error}") from None
    return read_policy(data, text, path)


def read_policy(data: Mapping[str, Any], text: str, path: Path) -> RedactionPolicy:
    """Check what a policy file says.

    Raises:
        ConfigurationError: names the file, the line, and what may stand there.
    """
    try:
        policy = RedactionPolicy.model_validate({**data, "source": path.name})
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(part) for part in first["loc"]]
        what = first["msg"]
        if first["type"] == "extra_forbidden":
            what = "there is no such key (see docs/redaction.md)"
        raise _wrong(path, text, keys, what) from None
    for name in policy.fields:
        if not _PATH.fullmatch(name):
            raise _wrong(path, text, ["fields", name], "an OCSF path looks like actor.user.name")
    for name, pattern in policy.patterns.items():
        try:
            compiled = re.compile(pattern.regex)
        except re.error as error:
            raise _wrong(
                path, text, ["patterns", name], f"no regular expression: {error}"
            ) from None
        if _UNSAFE.search(pattern.regex):
            what = "leave out back references, look-arounds and repeats of repeats: they can hang"
            raise _wrong(path, text, ["patterns", name], what)
        if compiled.match(""):
            raise _wrong(path, text, ["patterns", name], "it matches where nothing stands")
    return policy


def open_redactor(
    settings: Settings,
    model: str,
    policy: RedactionPolicy | None = None,
    context: Context | None = None,
) -> Redactor:
    """Make the redactor of a run that calls a model; a context tells it which names there are.

    Raises:
        ConfigurationError: the policy or the installation's secret can't be read.
    """
    policy = policy or redaction_policy(settings)
    if policy.local_models == "secrets" and is_local(settings, model):
        policy = policy.model_copy(
            update={"entities": Entities(), "names": Names(), "fields": {}, "patterns": {}}
        )
    known = {} if context is None or not policy.has_names else known_names(context, policy.fields)
    key = installation_secret(settings.home) + b"redaction"
    return Redactor(policy, key, known)


def context_redactor(settings: Settings, model: str, path: Path) -> Redactor:
    """Make the redactor of a run over a context file, whose secrets it masks.

    Raises:
        ConfigurationError: the policy or the installation's secret can't be read.
        LakeError: the context can't be written.
    """
    with Context.open(path) as context:
        redactor = open_redactor(settings, model, context=context)
    if redactor.policy.secrets == "mask":
        mask_context(path, redactor.masked, TRIGGERS)
    return redactor


def is_local(settings: Settings, model: str) -> bool:
    """Tell whether a model answers on this machine: a recording, or a server on loopback."""
    if model.startswith(SCRIPTED):
        return True
    host = urlsplit(settings.base_url or "").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(path: Path, text: str, keys: list[str], what: str) -> ConfigurationError:
    name = ".".join(keys)
    return ConfigurationError(f"redaction policy {path}:{_line(text, keys)}: {name}: {what}")


def _line(text: str, keys: list[str]) -> int:
    """Find the line that a key stands in: the last of its names that is written out."""
    lines = text.splitlines()
    for key in reversed(keys):
        named = re.compile(
            rf"""\s*\[?["']?{re.escape(key)}["']?\s*[=\].]|\[[\w.]*{re.escape(key)}\]"""
        )
        for number, line in enumerate(lines, 1):
            if named.match(line):
                return number
    return 1
