-- New events by class, and two of each to cite: the earliest and the latest.
SELECT
    coalesce(class_uid, 0) AS class_uid,
    count(*) AS events,
    min(time) AS first,
    max(time) AS last,
    list_distinct([min_by(event_uid, (time, event_uid)), max_by(event_uid, (time, event_uid))]) AS evidence
FROM {events}
WHERE tenant_uid = $tenant
GROUP BY ALL
ORDER BY events DESC, class_uid
