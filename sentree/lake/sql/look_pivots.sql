-- What the events of findings name, by kind and value. Findings are detections of rules, and
-- the records of other products that report one (not those that report a check as passed).
WITH ranked AS (SELECT *, {host} AS machine FROM ({scope})),
found AS (
    SELECT event_uid, tenant_uid, 'rule:' || rule_uid AS finding_key, rule_title AS title,
        coalesce(list_position($levels, lower(level)), 1) AS rank
    FROM (FROM detections AT (VERSION => {snapshot}))
    UNION ALL
    SELECT event_uid, tenant_uid, 'record:' || title, title,
        CASE WHEN severity_id IN (5, 6) THEN 5 WHEN severity_id IN (2, 3, 4) THEN severity_id ELSE 1 END
    FROM (
        SELECT *, coalesce(nullif(json_extract_string(event, '$.finding_info.title'), ''), message,
            'finding without a title') AS title
        FROM ranked
        WHERE class_uid IN (2001, 2004, 2005, 2006)
            AND upper(coalesce(json_extract_string(event, '$.status_code'), '')) NOT IN ('PASS', 'MANUAL')
    )
),
events_found AS (
    SELECT r.*, f.finding_key, f.title AS finding_title, f.rank
    FROM ranked AS r
    JOIN found AS f ON f.event_uid = r.event_uid AND f.tenant_uid = r.tenant_uid
    WHERE f.rank >= $least
),
named AS (
    SELECT DISTINCT event_uid, tenant_uid, time, finding_key, finding_title, rank, one.kind, one.value
    FROM (
        SELECT event_uid, tenant_uid, time, finding_key, finding_title, rank, unnest(list_concat(
            list_transform([actor_user, target_user], lambda v: {kind: 'user', value: v}),
            list_transform([machine, lower(split_part(dst_host, '.', 1)), lower(split_part(src_host, '.', 1))],
                lambda v: {kind: 'host', value: v}),
            list_transform([src_ip, dst_ip, device_ip], lambda v: {kind: 'address', value: v}),
            list_transform(json_extract_string(event, '$..hashes[*].value'), lambda v: {kind: 'hash', value: upper(v)}),
            list_transform([process_path, parent_path, actor_path], lambda v: {kind: 'process', value: v}),
            list_transform([process_cmd, parent_cmd], lambda v: {kind: 'command', value: v}),
            list_transform([file_path], lambda v: {kind: 'file', value: v}),
            list_transform([dns_query, json_extract_string(event, '$.http_request.url.hostname'),
                json_extract_string(event, '$.url.hostname')], lambda v: {kind: 'domain', value: lower(v)}),
            list_transform([url], lambda v: {kind: 'url', value: v})
        )) AS one
        FROM events_found
    )
    WHERE trim(coalesce(one.value, '')) NOT IN ('', '-', 'N/A')
),
counted AS (
    SELECT
        kind,
        value,
        max(rank) AS rank,
        count(DISTINCT event_uid) AS events,
        list_sort(list(DISTINCT tenant_uid)) AS tenants,
        min(time) AS first,
        max(time) AS last,
        list(DISTINCT event_uid ORDER BY event_uid)[:3] AS samples
    FROM named
    GROUP BY ALL
),
titles AS (
    SELECT kind, value, list({finding_uid: finding_key, title: title, rank: rank, events: events}
        ORDER BY rank DESC, events DESC, title, finding_key) AS findings
    FROM (
        SELECT kind, value, finding_key, any_value(finding_title) AS title, max(rank) AS rank,
            count(DISTINCT event_uid) AS events
        FROM named
        GROUP BY ALL
    )
    GROUP BY ALL
)
SELECT c.*, t.findings, (SELECT count(DISTINCT event_uid) FROM events_found) AS scope_events
FROM counted AS c
JOIN titles AS t USING (kind, value)
ORDER BY kind, rank DESC, len(findings) DESC, events DESC, value
