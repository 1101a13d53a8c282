SELECT
    r.event_uid,
    $tenant AS tenant_uid,
    e.time,
    $now AS ingested_at,
    list_concat(r.notes, CASE WHEN d.shape IS NULL THEN [] ELSE ['duplicate_keys'] END, e.issues)
        AS issues,
    e.event,
    r.raw,
    r.source_uid,
    r.source_line,
    r.route AS mapper
FROM staged_records AS r
JOIN staged_events AS e ON r.seq = e.seq
SEMI JOIN fresh_events AS f ON r.seq = f.seq
LEFT JOIN (SELECT DISTINCT shape FROM doubled_shapes) AS d ON r.shape = d.shape
