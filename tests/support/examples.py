"""How many examples property tests try: few each time, more on demand."""

import os


def examples(few: int) -> int:
    """Give the number, times what SENTREE_EXAMPLES says."""
    return few * int(os.environ.get("SENTREE_EXAMPLES", "1"))
