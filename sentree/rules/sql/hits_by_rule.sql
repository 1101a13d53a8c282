SELECT
    found.rule_uid,
    count(DISTINCT found.detection_uid) AS events,
    count(DISTINCT fresh.detection_uid) AS new,
    list_sort(list(DISTINCT event.device_host) FILTER (event.device_host IS NOT NULL)) AS hosts,
    min(found.time) AS first,
    max(found.time) AS last
FROM run_detections AS found
LEFT JOIN (SELECT DISTINCT detection_uid FROM new_detections) AS fresh
    ON fresh.detection_uid = found.detection_uid
LEFT JOIN events AS event
    ON event.event_uid = found.event_uid AND event.tenant_uid = found.tenant_uid
GROUP BY found.rule_uid;
