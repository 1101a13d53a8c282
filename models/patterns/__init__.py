"""What the embedded analyst knows: patterns as data, how they match, and how findings are worded."""
