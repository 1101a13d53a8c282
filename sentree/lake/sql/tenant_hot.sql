-- What speaks of an attack in the slice: rule hits, findings of other products, techniques that a
-- record names. `level` is 1 (low) to 4 (critical); `rank` numbers the hits of one reason on one
-- machine, because a reason that recurs all day long says little about each of its minutes.
CREATE OR REPLACE TEMP TABLE slice_hot AS
WITH hits AS (
    SELECT
        e.event_uid, e.time, e.entity, d.rule_uid AS reason,
        CASE lower(d.level) WHEN 'critical' THEN 4 WHEN 'high' THEN 3 WHEN 'medium' THEN 2
            WHEN 'low' THEN 1 ELSE 0 END AS level,
        d.techniques
    FROM ({now}) AS d
    JOIN slice_events AS e ON e.event_uid = d.event_uid
    WHERE d.tenant_uid = $tenant
    UNION ALL
    SELECT
        event_uid, time, entity, 'finding ' || coalesce(json_extract_string(event, '$.finding_info.title'), ''),
        CASE WHEN severity_id IN (5, 6) THEN 4 WHEN severity_id = 4 THEN 3 WHEN severity_id = 3 THEN 2
            ELSE 1 END,
        list_distinct(regexp_extract_all(event, '"uid":"(T\d{4}(?:\.\d{3})?)"', 1))
    FROM slice_events
    WHERE category_uid = 2 OR severity_id BETWEEN 4 AND 6
        OR (contains(event, '"attacks"') AND regexp_matches(event, '"uid":"T\d{4}(\.\d{3})?"'))
        OR contains(event, '"is_alert":true')
)
SELECT *, row_number() OVER (PARTITION BY entity, reason ORDER BY time, event_uid) AS rank
FROM hits
WHERE level > 0
