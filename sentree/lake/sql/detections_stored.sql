-- A detection of several events has a row for each of them.
SELECT
    d.detection_uid,
    any_value(d.rule_uid) AS rule_uid,
    any_value(d.rule_title) AS rule_title,
    any_value(d.rule_author) AS rule_author,
    any_value(d.level) AS level,
    any_value(d.techniques) AS techniques,
    any_value(d.tactics) AS tactics,
    min(d.time) AS time,
    min(e.ingested_at) AS loaded,
    list_sort(list_distinct(list(d.event_uid))) AS event_uids,
    any_value(r.description) AS description,
    any_value(r.status) AS status,
    any_value(coalesce(m.rule_sha256, r.content_sha256)) AS rule_sha256,
    any_value(coalesce(m.pack, r.pack)) AS pack,
    any_value(coalesce(m.pack_version, r.pack_version)) AS pack_version,
    any_value(m.matches) AS matches,
    min(e.device_host) AS host,
    min(e.class_uid) AS event_class,
    min(e.original_id) AS event_original_uid
FROM ({now}) AS d
LEFT JOIN events AS e ON e.event_uid = d.event_uid AND e.tenant_uid = d.tenant_uid
LEFT JOIN rules AS r ON r.rule_uid = d.rule_uid
LEFT JOIN detection_matches AS m ON m.detection_uid = d.detection_uid
WHERE d.tenant_uid = $tenant
    AND ($start IS NULL OR d.time >= $start)
    AND ($end IS NULL OR d.time < $end)
GROUP BY d.detection_uid
ORDER BY time, rule_uid, d.detection_uid;
