-- The hits of the rules that the touched moments of a correlation rest on.
CREATE OR REPLACE TEMP TABLE correlation_members_{step} AS
SELECT match, ref, item, below, hit_time AS time
FROM (
    SELECT hits.match, hit.ref, hit.item, hit.below, hit.time AS hit_time, hit.lo, met.time AS met
    FROM (SELECT DISTINCT match, grp, way FROM correlation_touched_{step}) AS hits
    JOIN correlation_in_{step} AS hit USING (grp, way)
    ASOF JOIN correlation_touched_{step} AS met
        ON met.match = hits.match AND met.grp = hits.grp AND met.way = hits.way
        AND met.time >= hit.hi
    WHERE hit.counts
)
WHERE lo >= met - {span}
