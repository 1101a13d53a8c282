-- The controls of a tenant at a snapshot: of each control of a framework the newest wording, in the
-- order of their files.
SELECT framework, framework_version, format, control_uid, title, text, family, section, checks,
    source_line AS line
FROM (FROM controls AT (VERSION => {snapshot}))
WHERE tenant_uid = $tenant
QUALIFY row_number() OVER (
    PARTITION BY framework, framework_version, control_uid ORDER BY loaded_at DESC, record_uid
) = 1
ORDER BY framework, framework_version, loaded_at, source_uid, source_line, control_uid
