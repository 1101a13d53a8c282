-- What of the new sources is in quarantine, by source and reason, with the first record of each.
SELECT
    r.source_uid,
    s.path,
    r.reason,
    count(*) AS records,
    min(r.source_line) AS line,
    left(min_by(r.raw, (r.source_line, r.raw)), $cap) AS raw,
    min_by(r.raw_length, (r.source_line, r.raw)) AS raw_length
FROM {rejects} AS r
JOIN (FROM {sources} WHERE tenant_uid = $tenant) AS s USING (source_uid)
GROUP BY ALL
ORDER BY records DESC, s.path, r.reason
