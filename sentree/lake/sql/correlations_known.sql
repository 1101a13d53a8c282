-- The uid of each match: that of a stored one which it overlaps, else a hash of its rule, its group
-- and the event with which the condition was first met.
CREATE OR REPLACE TEMP TABLE known_matches AS
SELECT
    match.*,
    old.stored,
    coalesce(old.stored, left(sha256(
        match.rule_uid || chr(10) || first.event_uid || chr(10) || match.group_key), 32)
    ) AS detection_uid
FROM correlation_matches AS match
JOIN (
    SELECT event.rule_uid, event.match, arg_max(event.event_uid, (event.time, event.event_uid))
        AS event_uid
    FROM correlation_events AS event
    JOIN correlation_matches AS match USING (rule_uid, match)
    WHERE event.time <= match.met_first
    GROUP BY ALL
) AS first USING (rule_uid, match)
LEFT JOIN (
    SELECT
        match.rule_uid, match.match,
        arg_min(hit.detection_uid, (hit.met_first, hit.detection_uid)) AS stored
    FROM correlation_matches AS match
    JOIN lake.correlation_hits AS hit
        ON hit.tenant_uid = $tenant AND hit.rule_uid = match.rule_uid
        AND hit.group_key = match.group_key
        AND match.met_first - to_seconds(match.seconds) <= hit.met_last
        AND hit.met_first - to_seconds(match.seconds) <= match.met_last
    GROUP BY ALL
) AS old USING (rule_uid, match)
