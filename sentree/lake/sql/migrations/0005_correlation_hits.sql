-- What a correlation's detection says beyond its events, which are rows of `detections` with one
-- detection_uid. `met_first` and `met_last` are when the condition first and last held.
CREATE TABLE IF NOT EXISTS correlation_hits (
    detection_uid VARCHAR,
    tenant_uid VARCHAR,
    rule_uid VARCHAR,
    type VARCHAR,
    group_key VARCHAR,
    group_names VARCHAR[],
    group_values VARCHAR[],
    value DOUBLE,
    events BIGINT,
    first_time TIMESTAMP,
    last_time TIMESTAMP,
    met_first TIMESTAMP,
    met_last TIMESTAMP
)
