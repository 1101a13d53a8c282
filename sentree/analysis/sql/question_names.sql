    SELECT ip, min(name) AS name
    FROM (
        SELECT DISTINCT device_ip AS ip, host AS name FROM events WHERE device_host IS NOT NULL
        UNION
        SELECT DISTINCT src_ip, host
        FROM events
        WHERE category_uid = 4
          AND split_part(lower(src_host), '.', 1) = split_part(lower(device_host), '.', 1)
    )
    WHERE ip IS NOT NULL
    GROUP BY ip
    HAVING count(DISTINCT name) = 1
