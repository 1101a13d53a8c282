-- As correlation_out, where the group itself has all values that are asked for.
CREATE OR REPLACE TEMP TABLE correlation_out_{step} AS
SELECT
    met.time, met.grp, concat_ws('#', '{step}', met.grp, met.island) AS item, {vals} AS vals
FROM correlation_met_{step} AS met
JOIN (
    SELECT grp, arg_min(shown, (time, item)) AS shown FROM correlation_in_{step} GROUP BY grp
) AS hit USING (grp)
