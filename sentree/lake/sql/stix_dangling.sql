-- References to objects that the lake has not, in which objects they stand.
WITH relations AS ({relations}),
there AS (SELECT DISTINCT tenant_uid, object_uid FROM ({current})),
ends AS (
    SELECT tenant_uid, relation_uid, 'source_ref' AS property, source_ref AS missing FROM relations
    UNION
    SELECT tenant_uid, relation_uid,
        CASE WHEN source_ref = relation_uid THEN relation ELSE 'target_ref' END, target_ref
    FROM relations
)
SELECT e.tenant_uid, e.relation_uid AS object_uid, e.property, e.missing
FROM ends AS e
ANTI JOIN there AS t ON t.tenant_uid = e.tenant_uid AND t.object_uid = e.missing
WHERE NOT list_contains(CAST($known AS VARCHAR[]), e.missing)
ORDER BY ALL
