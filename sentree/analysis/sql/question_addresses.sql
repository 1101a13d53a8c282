-- The addresses a host used, from what the host itself reported: a name that a client sent is
-- no proof.
SELECT DISTINCT ip
FROM (
    SELECT device_ip AS ip FROM events WHERE host = $host AND device_host IS NOT NULL
    UNION ALL
    SELECT src_ip
    FROM events
    WHERE host = $host AND category_uid = 4
      AND split_part(lower(src_host), '.', 1) = split_part(lower(device_host), '.', 1)
)
WHERE ip IS NOT NULL AND ip NOT IN ('127.0.0.1', '::1', '0.0.0.0', '::')
ORDER BY ip
LIMIT 16
