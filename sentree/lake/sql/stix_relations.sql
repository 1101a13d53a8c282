-- Relationships, sightings and the references that stand in objects, of newest versions.
SELECT tenant_uid, object_uid AS relation_uid, relationship_type AS relation, source_ref, target_ref,
    revoked, deprecated
FROM ({current})
WHERE type = 'relationship'
UNION ALL
SELECT tenant_uid, object_uid, split_part(ref, '=', 1), object_uid, substr(ref, strpos(ref, '=') + 1),
    revoked, deprecated
FROM (SELECT *, unnest(refs) AS ref FROM ({current}) WHERE type <> 'relationship')
