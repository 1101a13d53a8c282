-- Which address a host had, from what the host itself reported: a name that a client sent is no
-- proof. What a sensor on the host calls outbound left from its own address.
SELECT DISTINCT host AS name, ip
FROM (
    SELECT host, device_ip AS ip FROM events WHERE device_host IS NOT NULL
    UNION ALL
    SELECT host, src_ip
    FROM events
    WHERE category_uid = 4
      AND split_part(lower(src_host), '.', 1) = split_part(lower(device_host), '.', 1)
    UNION ALL
    SELECT host, CASE direction WHEN '2' THEN src_ip WHEN '1' THEN dst_ip END
    FROM (
        SELECT host, src_ip, dst_ip,
               json_extract_string(event, '$.connection_info.direction_id') AS direction
        FROM events
        WHERE class_uid = 4001 AND mapper = 'windows' AND device_host IS NOT NULL
    )
)
WHERE ip IS NOT NULL
  AND NOT regexp_matches(
      lower(ip), '^(127\.|0\.0\.0\.0$|22[4-9]\.|23\d\.|255\.255\.255\.255$|[0:]*1?$|ff[0-9a-f]{2}:)'
  )
