CREATE OR REPLACE TEMP TABLE found_detections AS
SELECT DISTINCT
    left(sha256(hit.rule_uid || chr(10) || hit.event_uid), 32) AS detection_uid,
    rule.rule_uid,
    rule.title AS rule_title,
    rule.author AS rule_author,
    rule.level,
    rule.techniques,
    rule.tactics,
    hit.time,
    hit.event_uid,
    CAST(? AS VARCHAR) AS tenant_uid
FROM rule_hits AS hit
JOIN given_rules AS rule USING (rule_uid);
