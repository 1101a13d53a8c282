"""What each scenario measures of itself, on generated data and on a folder of real data.

A module here has `generated_rows() -> list[Measure]`, `rows(data: Path) -> list[Measure]`, or
both, and is found by being here. `generated_rows` may take `seeds: int`.
"""
