-- Chunks per file, or per first folder where there are more files than a list can show.
SELECT
    CASE
        WHEN (SELECT count(DISTINCT source_uid) FROM slice.events) <= $most THEN source_path
        WHEN contains(source_path, '/') THEN split_part(source_path, '/', 1) || '/'
        ELSE '(files)'
    END AS name,
    count(*) AS events
FROM slice.events
GROUP BY name
ORDER BY name
