SELECT
    coalesce(event.device_host, '(no host)') AS name,
    count(DISTINCT found.detection_uid) AS detections,
    count(DISTINCT found.rule_uid) AS rules,
    min(found.time) AS first,
    max(found.time) AS last
FROM run_detections AS found
LEFT JOIN events AS event
    ON event.event_uid = found.event_uid AND event.tenant_uid = found.tenant_uid
GROUP BY ALL
ORDER BY detections DESC, name;
