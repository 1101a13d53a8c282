-- The whole of a scope, a line a tenant.
SELECT tenant_uid AS tenant, count(*) AS events, count(*) - count(time) AS timeless,
    count(DISTINCT {host}) AS hosts, min(time) AS first, max(time) AS last,
    min_by(event_uid, (time, event_uid)) AS first_uid,
    max_by(event_uid, (time, event_uid)) AS last_uid
FROM ({scope})
GROUP BY tenant_uid
ORDER BY tenant_uid
