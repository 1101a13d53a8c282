-- Logons and requests of tickets, by who, where, from where and how.
WITH attempts AS (
    SELECT
        *,
        coalesce(nullif(target_user, ''), nullif(actor_user, ''), '') AS account,
        {host} AS machine,
        coalesce(nullif(src_ip, ''), nullif(src_host, ''), '') AS source,
        CASE WHEN activity_id = 1 THEN 'logon' ELSE 'ticket' END AS kind
    FROM ({scope})
    WHERE class_uid = 3002 AND activity_id IN (1, 3, 4)
)
SELECT
    tenant_uid AS tenant,
    kind,
    account AS user,
    coalesce(machine, '') AS host,
    source,
    logon_type_id,
    count(*) FILTER (WHERE status_id = 1) AS successes,
    count(*) FILTER (WHERE status_id = 2) AS failures,
    count(*) FILTER (WHERE status_id IS NULL OR status_id NOT IN (1, 2)) AS unsaid,
    min(time) AS first,
    max(time) AS last,
    max(time) FILTER (WHERE status_id = 2) AS last_failure,
    list_distinct([
        min_by(event_uid, (time, event_uid)),
        min_by(event_uid, (time, event_uid)) FILTER (WHERE status_id = 2)
    ]) AS samples
FROM attempts
GROUP BY ALL
ORDER BY failures DESC, successes DESC, unsaid DESC, user, host, source, logon_type_id, kind, tenant
