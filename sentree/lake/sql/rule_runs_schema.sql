-- Which rules ran over which events; made when first needed, so that older lakes need no change.
CREATE TABLE IF NOT EXISTS lake.rule_runs (
    tenant_uid VARCHAR,
    rules_sha256 VARCHAR,
    window_start VARCHAR,
    window_end VARCHAR,
    events BIGINT,
    loaded_until VARCHAR
)
