-- Event ids: how many, on how many hosts, from when to when.
SELECT
    tenant_uid AS tenant,
    coalesce(nullif(channel, ''), mapper) AS channel,
    coalesce(provider, '') AS provider,
    coalesce(original_id, '') AS event_id,
    CAST(mode(class_uid) AS INTEGER) AS class_uid,
    count(*) AS events,
    count(DISTINCT {host}) AS hosts,
    min(time) AS first,
    max(time) AS last,
    min_by(event_uid, (time, event_uid)) AS sample
FROM ({scope})
GROUP BY ALL
ORDER BY events DESC, channel, event_id, provider, tenant
