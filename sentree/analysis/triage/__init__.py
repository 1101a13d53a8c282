"""The triage scenario: CVEs ranked by an explained score, with SSVC decisions."""

from sentree.analysis.triage.run import (
    conclude,
    list_files,
    read_stored,
    refuse_empty,
    run,
)

__all__ = ["conclude", "list_files", "read_stored", "refuse_empty", "run"]
