-- How many events a search found, by what they are.
SELECT tenant_uid AS tenant, {host} AS host, coalesce(channel, mapper) AS channel, provider,
    original_id AS event_id, class_uid, count(*) AS events, min(time) AS first, max(time) AS last
FROM ({scope})
WHERE {condition}
GROUP BY ALL
ORDER BY events DESC, host, channel, event_id, provider, tenant
