"""What every command shares: options, the two output streams, and the end of a command.

stdout carries data only; everything said to a person while working goes to stderr.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from schemas.window import Window
    from sentree.settings import Settings


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """Options of every command."""

    home: Annotated[Path | None, Parameter(help="Folder of lake, runs and Prefect state.")] = None
    tenant: Annotated[str | None, Parameter(help="Tenant the events belong to.")] = None
    format: Annotated[
        Literal["text", "json"], Parameter(help="What stdout carries: text to read, or JSON.")
    ] = "text"
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], help="Say nothing on stderr.")] = False
    verbose: Annotated[
        bool, Parameter(name=["--verbose", "-v"], help="Say more on stderr; show tracebacks.")
    ] = False

    def settings(self, **more: object) -> Settings:
        """Load the settings with this command's flags on top."""
        from sentree.logs import configure_logs
        from sentree.settings import load_settings

        settings = load_settings(home=self.home, tenant=self.tenant, **more)
        configure_logs(settings)
        return settings

    def say(self, text: str) -> None:
        """Tell the person at the terminal something, on stderr."""
        logger = logging.getLogger("sentree.cli")
        if logger.hasHandlers() and logger.isEnabledFor(logging.INFO):
            logger.info(text)
        elif not self.quiet:
            from sentree.report.escape import visible

            sys.stderr.write(visible(text) + "\n")
            sys.stderr.flush()

    def emit(self, text: str, data: Callable[[], str]) -> None:
        """Write the command's data to stdout: the text, or the JSON that `data` gives."""
        from sentree.report.escape import json_visible, visible

        # What a log holds must not act on the terminal, whichever way it came here.
        out = json_visible(data()) if self.format == "json" else visible(text)
        sys.stdout.write(out if out.endswith("\n") else out + "\n")

    def progress(self, what: str) -> Callable[[int, int], None]:
        """Give a callback that reports progress: a live line on a terminal, else every tenth."""
        return _Progress(self, what)


class _Progress:
    def __init__(self, common: Common, what: str) -> None:
        self._common = common
        self._what = what
        self._tenth = 0
        self._live = sys.stderr.isatty() and not common.quiet

    def __call__(self, done: int, total: int) -> None:
        if self._live:
            end = "\n" if done >= total else ""
            sys.stderr.write(f"\r{self._what} {done}/{total}{end}")
            sys.stderr.flush()
        elif done * 10 // max(total, 1) > self._tenth or done >= total:
            self._tenth = done * 10 // max(total, 1)
            self._common.say(f"{self._what} {done}/{total}")


COMMON = Common()


def read_window(text: str | None) -> Window | None:
    """Read `--window`.

    Raises:
        UsageError: the text is no window.
    """
    from schemas.window import Window
    from sentree.errors import UsageError

    if text is None:
        return None
    try:
        return Window.parse(text)
    except ValueError as error:
        reason = str(error).splitlines()[-1].strip().removeprefix("Value error, ")
        raise UsageError(f"--window {text}: {reason.split(' [type=')[0]}") from None
