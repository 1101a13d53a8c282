-- The hits of a plain rule as what a correlation counts: `shown` are its group's values, `vals` the
-- values measured, `extra` what correlations above ask for.
SELECT
    {ref} AS ref, base.time, base.event_uid AS item, CAST(NULL AS VARCHAR) AS below,
    {shown} AS shown, {vals} AS vals, {extra} AS extra
FROM correlation_base AS base
LEFT JOIN correlation_facts AS facts
    ON facts.source = {source} AND facts.event_uid = base.event_uid
WHERE base.rule_uid = ?
