"""Cases of the scenarios: records that a model reads and tells of in a scenario's own form."""
