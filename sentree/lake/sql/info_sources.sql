-- Events per loaded file, in order of loading.
SELECT s.path AS name, count(e.event_uid) AS events, min(e.time) AS first, max(e.time) AS last
FROM sources AS s
LEFT JOIN events AS e ON e.source_uid = s.source_uid
GROUP BY s.source_uid, s.path, s.loaded_at
ORDER BY s.loaded_at, s.path, s.source_uid
