-- What the context knows by these names (lower case): hosts, users, programs, services and so on.
WITH words AS (
    SELECT DISTINCT unnest($words::VARCHAR[]) AS word
),
named AS (
    SELECT 'host' AS kind, host AS full_name, host AS short_name FROM events GROUP BY host
    UNION ALL
    SELECT 'host', lower(name), split_part(lower(name), '.', 1)
    FROM (
        SELECT device_host AS name FROM events GROUP BY device_host
        UNION ALL SELECT src_host FROM events WHERE category_uid <> 4 GROUP BY src_host
        UNION ALL
        SELECT dst_host
        FROM events
        WHERE dst_host IS NOT NULL AND (category_uid <> 4 OR NOT contains(dst_host, '.'))
        GROUP BY dst_host
    )
    UNION ALL
    SELECT 'user', lower(name), regexp_replace(lower(name), '^.*\\|@.*$', '', 'g')
    FROM (
        SELECT actor_user AS name FROM events GROUP BY actor_user
        UNION ALL SELECT target_user FROM events GROUP BY target_user
    )
    UNION ALL
    SELECT 'process', base, regexp_replace(base, '\.[a-z0-9]{1,4}$', '')
    FROM (
        SELECT lower(regexp_extract(name, '[^\\/]*$')) AS base
        FROM (
            SELECT process_path AS name FROM events GROUP BY process_path
            UNION ALL SELECT parent_path FROM events GROUP BY parent_path
            UNION ALL SELECT actor_path FROM events GROUP BY actor_path
        )
    )
    UNION ALL
    SELECT 'file', lower(regexp_extract(file_path, '[^\\/]*$')), NULL
    FROM events WHERE file_path IS NOT NULL GROUP BY file_path
    UNION ALL
    SELECT 'domain', lower(dns_query), NULL
    FROM events WHERE dns_query IS NOT NULL GROUP BY dns_query
    UNION ALL
    SELECT 'service', lower(service_name), NULL
    FROM events WHERE class_uid = 201004 GROUP BY service_name
    UNION ALL
    SELECT 'task', lower(job_name), regexp_extract(lower(job_name), '[^\\/]*$')
    FROM events WHERE job_name IS NOT NULL GROUP BY job_name
    UNION ALL
    SELECT 'share', lower(share_name), regexp_extract(lower(share_name), '[^\\/]*$')
    FROM events WHERE share_name IS NOT NULL GROUP BY share_name
    UNION ALL
    SELECT 'operation', lower(api_operation), NULL
    FROM events WHERE api_operation IS NOT NULL GROUP BY api_operation
    UNION ALL
    SELECT 'event_id', original_id, lower(original_id)
    FROM events WHERE original_id IS NOT NULL GROUP BY original_id
)
SELECT DISTINCT words.word AS word, named.kind AS kind
FROM words
JOIN named ON words.word = named.full_name OR words.word = named.short_name
ORDER BY words.word, named.kind
