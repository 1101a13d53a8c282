-- The matches as rows of `correlation_hits`, joined with what was stored of them before.
CREATE OR REPLACE TEMP TABLE merged_matches AS
SELECT
    match.detection_uid,
    CAST($tenant AS VARCHAR) AS tenant_uid,
    match.rule_uid,
    match.type,
    match.group_key,
    match.group_names,
    match.group_values,
    CASE WHEN downward THEN least(match.value, hit.value)
        ELSE greatest(match.value, hit.value) END AS value,
    event.events,
    event.first_time,
    event.last_time,
    least(match.met_first, hit.met_first) AS met_first,
    greatest(match.met_last, hit.met_last) AS met_last
FROM (
    SELECT
        detection_uid, rule_uid, type, group_key, any_value(group_names) AS group_names,
        arg_min(group_values, met_first) AS group_values, bool_and(downward) AS downward,
        CASE WHEN bool_and(downward) THEN min(value) ELSE max(value) END AS value,
        min(met_first) AS met_first, max(met_last) AS met_last
    FROM known_matches
    GROUP BY detection_uid, rule_uid, type, group_key
) AS match
LEFT JOIN lake.correlation_hits AS hit USING (detection_uid)
JOIN (
    SELECT
        detection_uid, count(*) AS events, min(time) AS first_time, max(time) AS last_time
    FROM lake.detections
    WHERE detection_uid IN (SELECT detection_uid FROM known_matches)
    GROUP BY ALL
) AS event USING (detection_uid)
