-- What a correlation tells those above it: when its condition held, with the values they ask for.
CREATE OR REPLACE TEMP TABLE correlation_out_{step} AS
SELECT DISTINCT
    met.time, met.grp, concat_ws('#', '{step}', met.grp, met.island) AS item, {vals} AS vals
FROM correlation_met_{step} AS met
JOIN correlation_in_{step} AS hit
    ON hit.grp = met.grp AND hit.hi <= met.time AND hit.lo >= met.time - {span}
    AND list_contains(met.ways, hit.way) AND hit.counts
