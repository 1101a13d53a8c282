-- How much there is to search, and of when.
SELECT count(*) AS events, min(time) AS first, max(time) AS last FROM events
