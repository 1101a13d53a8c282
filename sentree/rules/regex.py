"""Tells which regular expressions RE2 takes, without its complaints on stderr.

pySigma drops a whole rule over one regex that RE2 refuses; here the rule is kept, to be listed as
one that can't be run.
"""

from __future__ import annotations

import re
from typing import Any

from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern

_FLAGS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


class _QuietEngine(RE2RegexEngine):
    def quiet(self, pattern: str) -> Any:
        options = self._re2.Options()
        options.log_errors = False
        return self._re2.compile(pattern, options)

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        letters = "".join(letter for flag, letter in _FLAGS.items() if flags & flag)
        try:
            return self.quiet(f"(?{letters}){pattern}" if letters else pattern)
        except self.error:
            return self.quiet("")


_ENGINE = _QuietEngine()
POLICY = SigmaPolicy(regex_engine=_ENGINE)
"""Passed to pySigma wherever it reads a rule."""


def regex_problem(regex: str) -> str | None:
    """Say why RE2 does not take a regex, None if it does."""
    try:
        _ENGINE.quiet(regex)
    except _ENGINE.error as error:
        reason = error.args[0] if error.args else "invalid"
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None
