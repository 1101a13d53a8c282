-- Which rules ran over which events, so that they need not run again to find nothing.
CREATE TABLE IF NOT EXISTS rule_runs (
    tenant_uid VARCHAR,
    rules_sha256 VARCHAR,
    window_start VARCHAR,
    window_end VARCHAR,
    events BIGINT,
    loaded_until VARCHAR
)
