-- What retention and forgetting took out of a source, so that its ledger line still adds up.
CREATE TABLE IF NOT EXISTS removals (
    source_uid VARCHAR,
    tenant_uid VARCHAR,
    kind VARCHAR,
    events BIGINT,
    rejects BIGINT,
    removed_at TIMESTAMP
);
-- How long a tenant's events are kept.
CREATE TABLE IF NOT EXISTS retention (tenant_uid VARCHAR, keep_hours DOUBLE, set_at TIMESTAMP);
-- A file that is written anew has its rows of the snapshot in which it was. The last row that a table
-- had at a snapshot still tells what came later.
CREATE TABLE IF NOT EXISTS row_marks (table_name VARCHAR, snapshot_id BIGINT, last_row BIGINT)
