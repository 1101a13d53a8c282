-- How much one partition holds.
SELECT count(*) AS events, coalesce(sum(chars), 0)::BIGINT AS characters
FROM events
WHERE {partition}
