-- Detections of unchanged rules; an event that was removed from the lake is no hit any more.
INSERT INTO rule_hits
SELECT detection.rule_uid, detection.event_uid, detection.time
FROM detections AS detection
SEMI JOIN (SELECT event_uid FROM events WHERE tenant_uid = $tenant) AS event
    ON event.event_uid = detection.event_uid
WHERE detection.tenant_uid = $tenant AND list_contains($rules, detection.rule_uid);
