SELECT
    found.rule_uid,
    count(DISTINCT found.event_uid) AS events,
    count(DISTINCT found.event_uid) FILTER (fresh.detection_uid IS NOT NULL) AS new,
    list_sort(list(DISTINCT event.device_host) FILTER (event.device_host IS NOT NULL)) AS hosts,
    min(found.time) AS first,
    max(found.time) AS last
FROM found_detections AS found
LEFT JOIN new_detections AS fresh USING (detection_uid)
LEFT JOIN events AS event
    ON event.event_uid = found.event_uid AND event.tenant_uid = found.tenant_uid
GROUP BY found.rule_uid;
