-- The lake's tables; the promoted columns of ocsf.columns stand in the middle of `events`.
CREATE TABLE lake_version (schema_version INTEGER, created_at TIMESTAMP);
CREATE TABLE events (
    event_uid VARCHAR,
    tenant_uid VARCHAR,
    time TIMESTAMP,
    ingested_at TIMESTAMP,
    {promoted},
    observables VARCHAR[],
    issues VARCHAR[],
    event VARCHAR,
    raw VARCHAR,
    source_uid VARCHAR,
    source_line BIGINT,
    mapper VARCHAR
);
ALTER TABLE events SET PARTITIONED BY (year(time), month(time), day(time), class_uid);
CREATE TABLE sources (
    source_uid VARCHAR,
    path VARCHAR,
    content_sha256 VARCHAR,
    bytes BIGINT,
    format VARCHAR,
    tenant_uid VARCHAR,
    loaded_at TIMESTAMP,
    delivered BIGINT,
    accepted BIGINT,
    duplicate BIGINT,
    rejected BIGINT,
    note VARCHAR
);
CREATE TABLE rejects (
    source_uid VARCHAR,
    source_line BIGINT,
    reason VARCHAR,
    raw VARCHAR,
    raw_length BIGINT
);
CREATE TABLE rules (
    rule_uid VARCHAR,
    title VARCHAR,
    author VARCHAR,
    level VARCHAR,
    status VARCHAR,
    description VARCHAR,
    path VARCHAR,
    content_sha256 VARCHAR,
    techniques VARCHAR[],
    tactics VARCHAR[]
);
CREATE TABLE detections (
    detection_uid VARCHAR,
    rule_uid VARCHAR,
    rule_title VARCHAR,
    rule_author VARCHAR,
    level VARCHAR,
    techniques VARCHAR[],
    tactics VARCHAR[],
    time TIMESTAMP,
    event_uid VARCHAR,
    tenant_uid VARCHAR
);
