-- What was charged by model; a charge without an answer knows no model. SQLite.
SELECT coalesce(model, 'no answer') AS model, coalesce(simulated, 0) AS simulated,
    sum(charge.input_tokens) AS input_tokens, sum(charge.output_tokens) AS output_tokens,
    sum(charge.cache_read_tokens + charge.cache_write_tokens) AS cached_tokens,
    sum(charge.nano_usd) AS nano_usd
FROM model_charges AS charge LEFT JOIN model_calls AS answered
    ON answered.run_uid = charge.run_uid AND answered.key = charge.key
GROUP BY 1, 2 ORDER BY 1, 2
