-- New findings of a span by rule and host: detections of rules, and findings that other products
-- put into their records (OCSF classes of security, detection, data security and incident findings;
-- not those that report a check as passed).
WITH hits AS (
    SELECT
        d.rule_uid,
        d.rule_title AS title,
        'rule' AS origin,
        lower(coalesce(d.level, '')) AS level,
        d.tactics,
        d.techniques,
        e.host,
        e.user,
        d.time,
        d.event_uid
    FROM {detections} AS d
    LEFT JOIN (
        SELECT event_uid, {host} AS host, coalesce(actor_user, target_user) AS user
        FROM (FROM events AT (VERSION => {detections_to}))
        WHERE tenant_uid = $tenant
            AND (time IS NULL OR time BETWEEN CAST($first AS TIMESTAMP) AND CAST($last AS TIMESTAMP))
    ) AS e USING (event_uid)
    WHERE d.tenant_uid = $tenant
    UNION ALL
    SELECT
        'record: ' || title,
        title,
        'record',
        CASE WHEN severity_id IN (5, 6) THEN 'critical' WHEN severity_id = 4 THEN 'high'
            WHEN severity_id = 3 THEN 'medium' WHEN severity_id = 2 THEN 'low'
            ELSE 'informational' END,
        list_filter(list_distinct(named[2]), lambda each: each IS NOT NULL),
        list_filter(list_distinct(named[1]), lambda each: each IS NOT NULL),
        host,
        user,
        time,
        event_uid
    FROM (
        SELECT
            coalesce(nullif(json_extract_string(event, '$.finding_info.title'), ''), message, 'finding without a title') AS title,
            [
                json_extract_string(event, '$.finding_info.attacks[*].technique.uid'),
                json_extract_string(event, '$.finding_info.attacks[*].tactic.name')
            ] AS named,
            severity_id,
            {host} AS host,
            coalesce(actor_user, target_user) AS user,
            time,
            event_uid
        FROM {events}
        WHERE tenant_uid = $tenant
            AND class_uid IN (2001, 2004, 2005, 2006)
            AND upper(coalesce(json_extract_string(event, '$.status_code'), '')) NOT IN ('PASS', 'MANUAL')
    )
)
SELECT
    rule_uid,
    any_value(title) AS title,
    any_value(origin) AS origin,
    $levels[greatest(1, max(coalesce(list_position($levels, level), 1)))] AS level,
    list_sort(list_distinct(flatten(list(tactics)))) AS tactics,
    list_sort(list_distinct(flatten(list(techniques)))) AS techniques,
    coalesce(host, '') AS host,
    coalesce(CASE WHEN count(DISTINCT user) = 1 THEN any_value(user) END, '') AS user,
    count(DISTINCT event_uid) AS events,
    min(time) AS first,
    max(time) AS last,
    list_distinct(list_concat(
        list(DISTINCT event_uid ORDER BY event_uid)[:2],
        [min_by(event_uid, (time, event_uid)), max_by(event_uid, (time, event_uid))]
    )) AS evidence
FROM hits
GROUP BY rule_uid, coalesce(host, '')
ORDER BY max(coalesce(list_position($levels, hits.level), 1)) DESC, events DESC, title, rule_uid, host
