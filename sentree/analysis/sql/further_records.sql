-- Records that tell of the same thing as a cited one ($cited), and are remarkable by nothing else: what
-- a started process connected to and looked up, the file that a command names as it was written, the
-- look-up of a name that a command or request holds, and other sensors' records of the connection.
WITH seeds AS (
    SELECT
        event_uid AS seed, event_uid, time, host, class_uid, process_pid, process_path, process_cmd,
        src_ip, src_port, dns_query, url, raw
    FROM events
    WHERE list_contains($cited::VARCHAR[], event_uid) AND time IS NOT NULL
),
of_process AS (
    SELECT s.seed, e.event_uid
    FROM seeds AS s
    JOIN events AS e
        ON e.host = s.host AND coalesce(e.actor_pid, e.process_pid) = s.process_pid
        AND lower(coalesce(e.actor_path, e.process_path)) = lower(s.process_path)
        AND e.time BETWEEN s.time AND s.time + INTERVAL 60 SECOND
    WHERE s.class_uid = 1007 AND s.process_pid IS NOT NULL AND e.class_uid IN (4001, 4003)
    QUALIFY row_number() OVER (PARTITION BY s.seed ORDER BY e.time, e.event_uid) <= 4
),
of_file AS (
    SELECT s.seed, e.event_uid
    FROM seeds AS s
    JOIN events AS e
        ON e.host = s.host AND e.time BETWEEN s.time - INTERVAL 10 MINUTE AND s.time
    WHERE s.class_uid = 1007 AND s.process_cmd IS NOT NULL
        AND e.class_uid = 1001 AND e.activity_id = 1 AND length(e.file_path) > 8
        AND contains(lower(s.process_cmd), lower(e.file_path))
    QUALIFY row_number() OVER (PARTITION BY s.seed ORDER BY e.time DESC, e.event_uid) <= 2
),
told AS (
    SELECT seed, event_uid FROM seeds
    UNION SELECT * FROM of_process
),
names AS (
    SELECT DISTINCT t.seed, e.time, lower(n.name) AS name
    FROM told AS t
    JOIN events AS e USING (event_uid)
    CROSS JOIN unnest(list_concat(
        [e.dns_query, regexp_extract(e.url, '^[a-z]{2,8}://(?:[^/@]{0,200}@)?([A-Za-z0-9.-]{4,253})', 1)],
        regexp_extract_all(coalesce(e.process_cmd, ''), '(?i)https?://(?:[^/@\s]{0,200}@)?([a-z0-9.-]{4,253})', 1)
    )) AS n (name)
    WHERE e.time IS NOT NULL AND e.class_uid IN (1007, 4001, 4002, 4003)
        AND n.name LIKE '%.%' AND NOT regexp_matches(n.name, '^[0-9.]+$')
),
-- A name that many look up tells nothing of who asked.
rare AS (
    SELECT lower(dns_query) AS name
    FROM events
    WHERE dns_query IS NOT NULL AND lower(dns_query) IN (SELECT name FROM names)
    GROUP BY 1
    HAVING count(DISTINCT coalesce(src_ip, '')) <= 3
),
of_name AS (
    SELECT n.seed, e.event_uid
    FROM names AS n
    JOIN rare USING (name)
    JOIN events AS e ON lower(e.dns_query) = n.name
        AND abs(epoch(e.time) - epoch(n.time)) <= 5
    QUALIFY row_number() OVER (PARTITION BY n.seed ORDER BY e.time, e.event_uid) <= 6
),
named AS (
    SELECT * FROM told UNION SELECT * FROM of_name
),
of_connection AS (
    SELECT n.seed, e.event_uid
    FROM named AS n
    JOIN events AS one USING (event_uid)
    JOIN events AS e
        ON replace(e.src_ip, '::ffff:', '') = replace(one.src_ip, '::ffff:', '') AND e.src_port = one.src_port
        AND abs(epoch(e.time) - epoch(one.time)) <= 3
    WHERE one.src_port > 1023 AND e.mapper <> one.mapper OR one.src_port > 1023 AND e.class_uid <> one.class_uid
    QUALIFY row_number() OVER (PARTITION BY n.seed ORDER BY e.time, e.event_uid) <= 6
),
of_share AS (
    SELECT s.seed, e.event_uid
    FROM (SELECT * FROM seeds JOIN (SELECT event_uid, file_path, mapper FROM events) USING (event_uid)) AS s
    JOIN events AS e
        ON e.src_ip = s.src_ip AND e.class_uid = 4006 AND e.mapper <> s.mapper
        AND abs(epoch(e.time) - epoch(s.time)) <= 3
    WHERE s.class_uid = 4006 AND least(length(e.file_path), length(s.file_path)) > 4
        AND (ends_with(lower(e.file_path), lower(s.file_path)) OR ends_with(lower(s.file_path), lower(e.file_path)))
    QUALIFY row_number() OVER (PARTITION BY s.seed ORDER BY e.time, e.event_uid) <= 4
)
SELECT seed, event_uid, any_value(time) AS time
FROM (
    SELECT * FROM of_process
    UNION SELECT * FROM of_file
    UNION SELECT * FROM of_name
    UNION SELECT * FROM of_connection
    UNION SELECT * FROM of_share
)
JOIN (SELECT event_uid, time FROM events) USING (event_uid)
WHERE seed <> event_uid
GROUP BY seed, event_uid
ORDER BY seed, time, event_uid
