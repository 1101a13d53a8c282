-- Where records wait to be mapped, and events to be written. `doc` is NULL where it is the raw text
-- itself; `shape` is a hash of the record's keys, equal for most records of a kind.
CREATE OR REPLACE TEMP TABLE staged_records (
    seq BIGINT,
    source_uid VARCHAR,
    source_line BIGINT,
    route VARCHAR,
    raw VARCHAR,
    doc VARCHAR,
    shape UBIGINT,
    notes VARCHAR[],
    event_uid VARCHAR
);
CREATE OR REPLACE TEMP TABLE staged_events (
    seq BIGINT,
    source_uid VARCHAR,
    source_line BIGINT,
    mapper VARCHAR,
    raw VARCHAR,
    shape UBIGINT,
    notes VARCHAR[],
    event_uid VARCHAR,
    time TIMESTAMP,
    event VARCHAR,
    issues VARCHAR[]
);
CREATE OR REPLACE TEMP TABLE fresh_events (seq BIGINT);
CREATE OR REPLACE TEMP TABLE doubled_shapes (shape UBIGINT);
