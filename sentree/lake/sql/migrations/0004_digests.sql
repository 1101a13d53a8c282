-- What digests have told. A row of `digests` is the record of a digest and its watermark in one.
CREATE TABLE IF NOT EXISTS digests (
    run_uid VARCHAR,
    tenant_uid VARCHAR,
    created_at TIMESTAMP,
    events_from BIGINT,
    events_to BIGINT,
    detections_from BIGINT,
    detections_to BIGINT,
    newest TIMESTAMP,
    campaigns VARCHAR
);
CREATE TABLE IF NOT EXISTS digest_findings (
    run_uid VARCHAR,
    tenant_uid VARCHAR,
    rule_uid VARCHAR,
    host VARCHAR,
    events BIGINT,
    first TIMESTAMP,
    detections_to BIGINT
);
CREATE TABLE IF NOT EXISTS digest_silences (
    run_uid VARCHAR,
    tenant_uid VARCHAR,
    kind VARCHAR,
    name VARCHAR,
    last_seen TIMESTAMP
);
CREATE TABLE IF NOT EXISTS digest_notices (
    run_uid VARCHAR,
    target_uid VARCHAR,
    target VARCHAR,
    outcome VARCHAR,
    attempts INTEGER,
    detail VARCHAR,
    title VARCHAR,
    body VARCHAR,
    changed_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS watched_files (
    tenant_uid VARCHAR,
    path VARCHAR,
    size BIGINT,
    modified_ns BIGINT
);
