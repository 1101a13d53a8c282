-- Events per loaded file, in order of loading; files of other records are counted with those.
SELECT s.path AS name, count(e.event_uid) AS events, min(e.time) AS first, max(e.time) AS last
FROM sources AS s
LEFT JOIN events AS e ON e.source_uid = s.source_uid
WHERE s.source_uid NOT IN (
    SELECT source_uid FROM stix_objects
    UNION ALL SELECT source_uid FROM vulnerabilities
    UNION ALL SELECT source_uid FROM controls
    UNION ALL SELECT source_uid FROM rule_documents
)
GROUP BY s.source_uid, s.path, s.loaded_at
ORDER BY s.loaded_at, s.path, s.source_uid
