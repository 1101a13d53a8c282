-- The moments of a correlation that matches of the one above it rest on.
CREATE OR REPLACE TEMP TABLE correlation_touched_{step} AS
SELECT DISTINCT member.match, met.grp, met.time, unnest(met.ways) AS way
FROM correlation_members_{above} AS member
JOIN correlation_met_{step} AS met ON met.grp = member.below AND met.time = member.time
WHERE member.ref = {ref}
