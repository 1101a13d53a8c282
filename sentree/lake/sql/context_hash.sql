-- One hash over the uids and normalised texts of the events, and the uids of the detections. The
-- events are hashed in 256 parts, so that no list of all of them has to be held.
SELECT sha256(string_agg(part, '' ORDER BY place)) AS content_hash
FROM (
    SELECT
        left(event_uid, 2) AS place,
        sha256(string_agg(event_uid || hash(event, time), '' ORDER BY event_uid)) AS part
    FROM slice.events
    GROUP BY ALL
    UNION ALL
    SELECT 'detections', sha256(coalesce(string_agg(detection_uid || event_uid, ''
        ORDER BY detection_uid, event_uid), ''))
    FROM slice.detections
)
