-- What each indicator that looks for single events found.
SELECT
    s.indicator,
    h.tenant_uid AS tenant,
    count(DISTINCT h.event_uid) AS events,
    list_sort(list(DISTINCT left(h.text, 300)))[:5] AS values,
    list_sort(list(DISTINCT h.host) FILTER (WHERE h.host IS NOT NULL))[:8] AS hosts,
    min(h.time) AS first,
    max(h.time) AS last,
    list_distinct(list_concat(
        [min_by(h.event_uid, (h.time, h.event_uid)), max_by(h.event_uid, (h.time, h.event_uid))],
        list(DISTINCT h.event_uid ORDER BY h.event_uid)[:18]
    )) AS event_uids
FROM hunt_hits AS h
JOIN hunt_simple AS s USING (test)
WHERE ($always OR (coalesce(h.time >= s.valid_from, true) AND coalesce(h.time < s.valid_until, true)))
GROUP BY ALL
ORDER BY s.indicator, tenant
