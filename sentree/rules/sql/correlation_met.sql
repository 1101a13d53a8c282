-- The moments at which the condition holds, each with the number of the hit it is part of: windows
-- that share a hit of the rules are one match that goes on.
CREATE OR REPLACE TEMP TABLE correlation_met_{step} AS
SELECT *, sum(begins) OVER (PARTITION BY grp ORDER BY time) AS island
FROM (
    SELECT
        *,
        CAST(coalesce(time - lag(time) OVER (PARTITION BY grp ORDER BY time) > {span}, true)
            AS INTEGER) AS begins
    FROM (
        SELECT grp, time, max(value) AS value, list(DISTINCT way ORDER BY way) AS ways
        FROM ({windows})
        GROUP BY grp, time
    )
)
