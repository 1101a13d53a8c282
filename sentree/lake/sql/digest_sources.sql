-- Sources loaded in the span, with their new events: how many are older than what was told before.
SELECT
    s.source_uid,
    s.path,
    s.format,
    s.loaded_at,
    s.delivered,
    s.accepted,
    s.duplicate,
    s.rejected,
    coalesce(s.note, '') AS note,
    coalesce(e.late, 0) AS late,
    coalesce(e.evidence, []) AS evidence
FROM {sources} AS s
LEFT JOIN (
    SELECT
        source_uid,
        count(*) FILTER (WHERE time <= CAST($newest AS TIMESTAMP)) AS late,
        list_distinct([min_by(event_uid, (time, event_uid)), max_by(event_uid, (time, event_uid))]) AS evidence
    FROM {events}
    WHERE tenant_uid = $tenant
    GROUP BY source_uid
) AS e USING (source_uid)
WHERE s.tenant_uid = $tenant
ORDER BY s.loaded_at, s.path, s.source_uid
