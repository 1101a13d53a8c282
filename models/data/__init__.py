"""Data the router ships with: labelled queries and trained heads, as JSON only."""
