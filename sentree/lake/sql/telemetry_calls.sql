-- Answered calls by model, with how many took no longer than each bound of `buckets`; SQLite.
SELECT model, simulated, count(*) AS calls, sum(milliseconds) / 1000.0 AS seconds_sum, {buckets}
FROM model_calls GROUP BY model, simulated ORDER BY model, simulated
