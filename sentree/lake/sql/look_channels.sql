-- Channels and formats, and the files that they came from.
SELECT
    tenant_uid AS tenant,
    mapper AS format,
    coalesce(channel, '') AS channel,
    count(DISTINCT source_uid) AS files,
    count(DISTINCT {host}) AS hosts,
    count(DISTINCT original_id) AS event_ids,
    count(*) AS events,
    min(time) AS first,
    max(time) AS last,
    min_by(event_uid, (time, event_uid)) AS sample
FROM ({scope})
GROUP BY ALL
ORDER BY events DESC, format, channel, tenant
