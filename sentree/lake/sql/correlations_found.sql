CREATE OR REPLACE TEMP TABLE found_detections AS
SELECT DISTINCT
    match.detection_uid,
    rule.rule_uid,
    rule.title AS rule_title,
    rule.author AS rule_author,
    rule.level,
    rule.techniques,
    rule.tactics,
    event.time,
    event.event_uid,
    CAST($tenant AS VARCHAR) AS tenant_uid
FROM known_matches AS match
JOIN correlation_events AS event USING (rule_uid, match)
JOIN given_rules AS rule USING (rule_uid)
