SELECT
    tactic AS name,
    count(DISTINCT detection_uid) AS detections,
    count(DISTINCT rule_uid) AS rules,
    min(time) AS first,
    max(time) AS last
FROM (
    SELECT
        *,
        unnest(CASE WHEN len(tactics) > 0 THEN tactics ELSE ['(no tactic)'] END) AS tactic
    FROM run_detections
)
GROUP BY ALL
ORDER BY detections DESC, name;
