-- The staged events of some days as the lake keeps them, but for the promoted columns. $no_day
-- stands for the day of events without time.
SELECT
    event_uid,
    $tenant AS tenant_uid,
    time,
    $now AS ingested_at,
    list_concat(
        notes,
        CASE WHEN list_contains(CAST($doubled AS UBIGINT[]), shape) THEN ['duplicate_keys'] ELSE [] END,
        issues
    ) AS issues,
    event,
    raw,
    source_uid,
    source_line,
    mapper
FROM staged_events
WHERE coalesce(date_diff('day', DATE '1970-01-01', CAST(time AS DATE)), $no_day)
    BETWEEN $first_day AND $last_day
