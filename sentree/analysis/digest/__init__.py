"""What is new since the last digest: taken up where that one ended, told once, every line cited."""

from sentree.analysis.digest.run import (
    Detected,
    Ending,
    Made,
    Started,
    commit,
    conclude,
    detect_new,
    find_campaigns,
    make,
    opened,
    read_new,
    run,
)

__all__ = [
    "Detected",
    "Ending",
    "Made",
    "Started",
    "commit",
    "conclude",
    "detect_new",
    "find_campaigns",
    "make",
    "opened",
    "read_new",
    "run",
]
