-- CVE data of a tenant at a snapshot: of records and scores the newest one of each CVE and kind,
-- of findings all, source by source in the order of their files.
SELECT s.path, s.content_sha256 AS sha256, s.format, v.source_uid, v.source_line AS line,
    v.record AS text, v.cve, v.kind, v.title, v.published, v.withdrawn, v.cvss_version,
    v.cvss_vector, v.cvss_score, v.epss, v.epss_date, v.kev_added, v.kev_ransomware
FROM (FROM vulnerabilities AT (VERSION => {snapshot})) AS v
JOIN (FROM sources AT (VERSION => {snapshot})) AS s USING (source_uid)
WHERE v.tenant_uid = $tenant
QUALIFY v.kind = 'row' OR row_number() OVER (
    PARTITION BY v.cve, v.kind ORDER BY v.epss_date DESC NULLS LAST, v.loaded_at DESC, v.record_uid
) = 1
ORDER BY s.path, v.source_uid, v.source_line, v.record_uid
