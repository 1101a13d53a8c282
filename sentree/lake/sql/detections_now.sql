-- Detections with what their rules say now: title, author, level and tags of a rule may have been
-- changed since it detected, while its condition stands. {of} are the detections, {rules} the rules.
SELECT
    d.detection_uid,
    d.rule_uid,
    CASE WHEN r.rule_uid IS NULL THEN d.rule_title ELSE r.title END AS rule_title,
    CASE WHEN r.rule_uid IS NULL THEN d.rule_author ELSE r.author END AS rule_author,
    CASE WHEN r.rule_uid IS NULL THEN d.level ELSE r.level END AS level,
    CASE WHEN r.rule_uid IS NULL THEN d.techniques ELSE r.techniques END AS techniques,
    CASE WHEN r.rule_uid IS NULL THEN d.tactics ELSE r.tactics END AS tactics,
    d.time,
    d.event_uid,
    d.tenant_uid
FROM {of} AS d
LEFT JOIN {rules} AS r USING (rule_uid)
