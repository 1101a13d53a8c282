-- Rule hits on events of one partition.
SELECT
    d.event_uid, d.rule_uid, d.rule_title, d.rule_author, d.level, d.techniques, d.detection_uid
FROM detections AS d
WHERE d.event_uid IN (SELECT event_uid FROM events WHERE {partition})
ORDER BY d.event_uid, d.rule_uid
