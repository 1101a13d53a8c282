-- Computers that logged, with what logged on them.
SELECT
    tenant_uid AS tenant,
    {host} AS host,
    mode(device_host) AS full_name,
    list_sort(list(DISTINCT mapper)) AS formats,
    count(DISTINCT coalesce(channel, mapper)) AS channels,
    count(*) AS events,
    min(time) AS first,
    max(time) AS last,
    min_by(event_uid, (time, event_uid)) AS sample
FROM ({scope})
WHERE {host} IS NOT NULL
GROUP BY ALL
ORDER BY events DESC, host, tenant
