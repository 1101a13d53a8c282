-- How many of the staged records become events, by source.
SELECT r.source_uid, count(*)
FROM staged_events AS r
SEMI JOIN fresh_events AS f ON r.seq = f.seq
GROUP BY ALL
