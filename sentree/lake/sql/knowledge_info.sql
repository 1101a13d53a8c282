-- What is known beside events, counted.
SELECT 'STIX ' || type AS name, count(DISTINCT object_uid) AS records, count(*) AS versions,
    count(*) FILTER (WHERE revoked) AS revoked, count(*) FILTER (WHERE deprecated) AS deprecated
FROM stix_objects GROUP BY type
UNION ALL
SELECT CASE kind WHEN 'cve' THEN 'CVE record' WHEN 'nvd' THEN 'NVD record' WHEN 'row' THEN 'CVE row'
    WHEN 'kev' THEN 'KEV entry' WHEN 'epss' THEN 'EPSS score' ELSE 'SSVC decision' END,
    count(DISTINCT cve), count(*),
    count(*) FILTER (WHERE withdrawn), 0 FROM vulnerabilities GROUP BY kind
UNION ALL
SELECT 'control of ' || framework, count(DISTINCT control_uid), count(*), 0, 0
FROM controls GROUP BY framework
UNION ALL
SELECT 'Sigma ' || kind, count(DISTINCT rule_uid), count(*), 0,
    count(*) FILTER (WHERE status = 'deprecated') FROM rule_documents GROUP BY kind
ORDER BY records DESC, name
