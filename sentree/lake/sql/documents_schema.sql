-- The tables of a context of documents: those of a context of events, with nothing detected.
-- `documents` reads `events` by its bare name: where a narrower view of that name stands before the
-- table, the documents are narrowed with it. `line` is the page in a PDF.
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
    mapper VARCHAR,
    host VARCHAR,
    shard_key UINTEGER,
    chars BIGINT,
    source_path VARCHAR
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
CREATE VIEW documents AS
SELECT
    source_uid AS doc_uid,
    CAST(json_extract_string(event, '$.metadata.sequence') AS BIGINT) AS seq,
    raw AS text,
    source_path AS path,
    source_line AS line
FROM events
