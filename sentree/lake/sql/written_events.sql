-- The fresh events as the lake keeps them, but for the promoted columns.
SELECT
    s.event_uid,
    $tenant AS tenant_uid,
    s.time,
    $now AS ingested_at,
    list_concat(s.notes, CASE WHEN d.shape IS NULL THEN [] ELSE ['duplicate_keys'] END, s.issues)
        AS issues,
    s.event,
    s.raw,
    s.source_uid,
    s.source_line,
    s.mapper
FROM staged_events AS s
SEMI JOIN fresh_events AS f ON s.seq = f.seq
LEFT JOIN (SELECT DISTINCT shape FROM doubled_shapes) AS d ON s.shape = d.shape
