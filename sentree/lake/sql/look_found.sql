-- The first of the events that a search found.
SELECT event_uid, tenant_uid AS tenant, time, {host} AS host,
    coalesce(actor_user, target_user) AS user, coalesce(channel, mapper) AS channel,
    provider, original_id AS event_id, class_uid, left(raw, $cap) AS raw, event,
    CAST([{held}] AS VARCHAR[]) AS held
FROM ({scope})
WHERE {condition}
ORDER BY {order}
LIMIT $most
