-- The newest document of each rule that a tenant has in the lake; those that can't run are left out.
SELECT r.rule_uid, r.document, s.path
FROM rule_documents AS r
JOIN sources AS s USING (source_uid)
WHERE r.tenant_uid = $tenant AND r.problem IS NULL
QUALIFY row_number() OVER (
    PARTITION BY r.rule_uid
    ORDER BY replace(r.modified, '/', '-') DESC NULLS LAST, r.loaded_at DESC, r.record_uid
) = 1
ORDER BY r.rule_uid
