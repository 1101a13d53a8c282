"""Commands about the installation: `doctor`, `config show`, `lake info`, `completion` and more."""

from __future__ import annotations

from typing import Literal

from sentree.cli.common import COMMON, Common
from sentree.errors import ExitCode


def doctor(*, common: Common = COMMON) -> int:
    """Check what this installation needs: Python, libraries, lake, space, router, server."""
    import json

    from sentree.cli.checks import run_checks

    checks = run_checks(common.settings())
    width = max(len(check.name) for check in checks)
    lines = [
        f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<{width}}  {check.detail}"
        for check in checks
    ]
    rows = [check._asdict() for check in checks]
    common.emit("\n".join(lines), lambda: json.dumps(rows, indent=1))
    return ExitCode.DONE if all(check.ok for check in checks) else ExitCode.CONFIGURATION


def lake_info(*, common: Common = COMMON) -> int:
    """Say what is in the lake: sources, classes, times, size, snapshot."""
    from sentree.lake.db import Lake
    from sentree.report.tables import lake_table

    with Lake.open(common.settings(), create=False) as lake:
        info = lake.info()
    common.emit(lake_table(info), lambda: info.model_dump_json(indent=1))
    return ExitCode.DONE


def lake_dangling(*, common: Common = COMMON) -> int:
    """List the references of STIX objects to objects that the lake has not."""
    import json

    from sentree.intel.stix import TLP_MARKINGS
    from sentree.lake.db import Lake
    from sentree.lake.knowledge import dangling
    from sentree.lake.look import look_scope

    settings = common.settings()
    with Lake.open(settings, create=False) as lake:
        tenants = look_scope(lake, (), None).tenants
        rows = dangling(lake, tenants, list(TLP_MARKINGS))
    lines = [f"{one['object_uid']}: {one['property']} {one['missing']}" for one in rows]
    common.say(f"{len(rows):,} references lead nowhere")
    common.emit("\n".join(lines), lambda: json.dumps(rows, indent=1))
    return ExitCode.DONE


def config_show(*, common: Common = COMMON) -> int:
    """Show every setting, its value and where the value comes from; secrets are masked."""
    import json

    from sentree.settings import explain_settings

    flags = {"home": common.home, "tenant": common.tenant}
    rows = explain_settings({name: value for name, value in flags.items() if value is not None})
    width = max(len(row.name) for row in rows)
    lines = [f"{row.name:<{width}}  {row.value}  ({row.source})" for row in rows]
    data = [row._asdict() for row in rows]
    common.emit("\n".join(lines), lambda: json.dumps(data, indent=1))
    return ExitCode.DONE


def completion(shell: Literal["bash", "zsh", "fish"] = "bash", *, common: Common = COMMON) -> int:
    """Print the completion script of a shell, to be sourced or saved where the shell looks.

    Args:
        shell: The shell to complete in.
        common: Options of every command.
    """
    from sentree.cli import app

    script = app.generate_completion(prog_name="sentree", shell=shell)
    common.emit(script, lambda: script)
    return ExitCode.DONE
