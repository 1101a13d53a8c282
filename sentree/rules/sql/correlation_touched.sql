-- The moments that make up the matches of a correlation, each way apart. With a first moment given,
-- those before it are left out: nothing new can have changed them.
CREATE OR REPLACE TEMP TABLE correlation_touched_{step} AS
SELECT concat_ws('#', grp, island) AS match, grp, time, unnest(ways) AS way
FROM correlation_met_{step}
WHERE CAST($since AS TIMESTAMP) IS NULL OR time >= $since
