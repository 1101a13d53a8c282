-- Every value of some places of the events looked at.
SELECT event_uid, tenant_uid, time, host, one.place AS place, one.value AS text,
    CASE WHEN ends_with(one.place, 'address')
        THEN regexp_replace(lower(one.value), '^::ffff:([0-9.]+)$', '\1')
        ELSE lower(one.value) END AS value
FROM (
    SELECT event_uid, tenant_uid, time, {host} AS host, unnest({values}) AS one
    FROM ({scope})
)
WHERE one.value <> ''
