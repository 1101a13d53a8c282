"""What the embedded analyst knows: patterns as data, their matching, the words of findings."""
