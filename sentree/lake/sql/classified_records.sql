-- Staged events as somebody who only asks for their class needs them, in the order of their lines.
SELECT
    event_uid,
    source_line,
    mapper,
    TRY_CAST(json_extract_string(event, '$.class_uid') AS BIGINT) AS class_uid,
    json_extract_string(event, '$.metadata.log_name') AS log,
    json_extract_string(event, '$.metadata.event_code') AS code,
    json_extract_string(event, '$.api.operation') AS operation,
    CASE WHEN starts_with(ltrim(raw), '{') AND json_valid(raw)
        THEN list_slice(json_keys(raw), 1, 8) END AS keys,
    left(raw, 4096) AS raw
FROM staged_events
ORDER BY source_line, seq
