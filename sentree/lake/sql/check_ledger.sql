-- Sources whose ledger line disagrees with the rows that are there and those that were removed.
SELECT
    s.path AS subject,
    format(
        'ledger says {} delivered = {} accepted + {} duplicate + {} rejected; there are {} records and {} rejects, removed were {} and {}',
        s.delivered, s.accepted, s.duplicate, s.rejected,
        coalesce(e.n, 0), coalesce(r.n, 0), coalesce(x.events, 0), coalesce(x.rejects, 0)
    ) AS problem
FROM sources AS s
LEFT JOIN (
    SELECT source_uid, count(*) AS n
    FROM (
        SELECT source_uid FROM events
        UNION ALL SELECT source_uid FROM stix_objects
        UNION ALL SELECT source_uid FROM vulnerabilities
        UNION ALL SELECT source_uid FROM controls
        UNION ALL SELECT source_uid FROM rule_documents
    )
    GROUP BY source_uid
) AS e USING (source_uid)
LEFT JOIN (SELECT source_uid, count(*) AS n FROM rejects GROUP BY source_uid) AS r USING (source_uid)
LEFT JOIN (
    SELECT source_uid, sum(events) AS events, sum(rejects) AS rejects FROM removals GROUP BY source_uid
) AS x USING (source_uid)
WHERE s.delivered <> s.accepted + s.duplicate + s.rejected
    OR s.accepted <> coalesce(e.n, 0) + coalesce(x.events, 0)
    OR s.rejected <> coalesce(r.n, 0) + coalesce(x.rejects, 0)
UNION ALL
SELECT 'source ' || source_uid, format('{} events of a source that the ledger does not know', count(*))
FROM events
WHERE source_uid NOT IN (SELECT source_uid FROM sources)
GROUP BY source_uid
UNION ALL
SELECT 'event ' || event_uid, format('is there {} times', count(*))
FROM events
GROUP BY event_uid
HAVING count(*) > 1
ORDER BY ALL
LIMIT 1000
