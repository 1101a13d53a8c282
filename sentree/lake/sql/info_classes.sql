-- Events per OCSF class.
SELECT CAST(class_uid AS VARCHAR) AS name, count(*) AS events, min(time) AS first, max(time) AS last
FROM events
GROUP BY class_uid
ORDER BY class_uid
