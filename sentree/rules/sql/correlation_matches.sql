-- The matches of one correlation.
INSERT INTO correlation_matches
SELECT
    $rule, $type, CAST($names AS VARCHAR[]), concat_ws('#', met.grp, met.island), met.grp, shown.shown,
    CASE WHEN CAST($downward AS BOOLEAN) THEN min(met.value) ELSE max(met.value) END,
    $downward, $seconds, min(met.time), max(met.time)
FROM correlation_met_{step} AS met
JOIN (
    SELECT grp, arg_min(shown, (time, item)) AS shown FROM correlation_in_{step} GROUP BY grp
) AS shown USING (grp)
WHERE CAST($since AS TIMESTAMP) IS NULL OR met.time >= $since
GROUP BY ALL
