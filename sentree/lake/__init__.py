"""The lake: DuckLake storage, loading, snapshots, and slices exported for analysis."""
