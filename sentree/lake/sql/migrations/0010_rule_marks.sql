-- Up to which snapshot of the lake a rule, as its condition was, has seen all events of a tenant;
-- how many events of its log source there were, and which of its fields any of them had.
CREATE TABLE IF NOT EXISTS rule_marks (
    tenant_uid VARCHAR,
    rule_key VARCHAR,
    rule_uid VARCHAR,
    snapshot BIGINT,
    events BIGINT,
    fields VARCHAR[]
)
