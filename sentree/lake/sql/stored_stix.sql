-- The STIX objects of a tenant at a snapshot, source by source in the order of their files.
SELECT s.path, s.content_sha256 AS sha256, s.format, o.source_uid, o.source_line AS line,
    o.object AS text
FROM (FROM stix_objects AT (VERSION => {snapshot})) AS o
JOIN (FROM sources AT (VERSION => {snapshot})) AS s USING (source_uid)
WHERE o.tenant_uid = $tenant
ORDER BY s.path, o.source_uid, o.source_line, o.record_uid
