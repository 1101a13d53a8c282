-- Which Windows hosts each source tells of.
SELECT DISTINCT host, source_path AS source
FROM events
WHERE mapper LIKE 'windows%' AND host IS NOT NULL AND time IS NOT NULL
ORDER BY host, source
