-- What is usual in one slice, computed once over all of it, so that a leaf can say that something is
-- rare or new without having seen the other partitions. Reads `events` of the context file only.
-- A network is "home" when hosts in it open connections; other addresses are "outside".

-- An account by its bare name: without a domain, and as AWS calls it in a trail where an access log
-- writes the whole name of a session or user.
CREATE OR REPLACE TEMP MACRO account_name(written) AS lower(CASE
    WHEN written LIKE 'arn:aws%:assumed-role/%' THEN split_part(split_part(written, ':assumed-role/', 2), '/', 1)
    WHEN written LIKE 'arn:aws%:user/%' THEN regexp_extract(written, '([^/]+)$', 1)
    ELSE split_part(written, '@', 1)
END);

CREATE OR REPLACE TABLE baseline_processes AS
SELECT
    event_uid, time, host, process_pid AS pid, process_uid, coalesce(parent_pid, actor_pid) AS parent_pid,
    json_extract_string(event, '$.process.parent_process.uid') AS parent_uid,
    lower(process_path) AS path,
    lower(regexp_extract(process_path, '[^\\/]+$')) AS name,
    lower(regexp_extract(coalesce(parent_path, actor_path), '[^\\/]+$')) AS parent,
    lower(coalesce(actor_user, target_user)) AS user_name
FROM events
WHERE class_uid = 1007 AND activity_id = 1 AND process_path IS NOT NULL AND time IS NOT NULL;

-- Two sensors may record one start; the earliest event stands for it.
CREATE OR REPLACE TABLE baseline_starts AS
SELECT *
FROM baseline_processes
QUALIFY row_number() OVER (
    PARTITION BY host, pid, path, epoch(time)::BIGINT // 5 ORDER BY time, event_uid
) = 1;

-- The start of a process's parent: by unique id, else the last start of that pid on that host.
CREATE OR REPLACE TABLE baseline_parents AS
WITH by_uid AS (
    SELECT child.event_uid, min_by(parent.event_uid, (parent.time, parent.event_uid)) AS parent_event
    FROM baseline_processes AS child
    JOIN baseline_processes AS parent
        ON child.parent_uid = parent.process_uid AND child.host IS NOT DISTINCT FROM parent.host
    WHERE child.event_uid <> parent.event_uid
    GROUP BY child.event_uid
),
by_pid AS (
    SELECT child.event_uid, parent.event_uid AS parent_event
    FROM (SELECT * FROM baseline_processes WHERE parent_pid IS NOT NULL AND host IS NOT NULL) AS child
    ASOF JOIN (
        SELECT * FROM baseline_starts WHERE pid IS NOT NULL AND host IS NOT NULL
    ) AS parent
        ON child.host = parent.host AND child.parent_pid = parent.pid AND child.time > parent.time
    WHERE child.parent IS NULL OR child.parent = parent.name
)
SELECT
    coalesce(by_uid.event_uid, by_pid.event_uid) AS event_uid,
    coalesce(by_uid.parent_event, by_pid.parent_event) AS parent_event
FROM by_uid
FULL JOIN by_pid ON by_uid.event_uid = by_pid.event_uid;

CREATE OR REPLACE TABLE baseline_lineage AS
WITH RECURSIVE line(event_uid, ancestor_uid, generation) AS (
    SELECT event_uid, parent_event, 1 FROM baseline_parents
    UNION ALL
    SELECT line.event_uid, up.parent_event, line.generation + 1
    FROM line
    JOIN baseline_parents AS up ON line.ancestor_uid = up.event_uid
    WHERE line.generation < 4
)
SELECT event_uid, ancestor_uid, min(generation) AS generation
FROM line
WHERE event_uid <> ancestor_uid
GROUP BY event_uid, ancestor_uid;

-- Records of one process start by two sensors, each with the other's.
CREATE OR REPLACE TABLE baseline_twins AS
SELECT one.event_uid, other.event_uid AS twin_uid
FROM baseline_processes AS one
JOIN baseline_processes AS other
    ON one.host = other.host AND one.pid = other.pid AND one.path = other.path
    AND one.event_uid <> other.event_uid
    AND abs(epoch(one.time) - epoch(other.time)) <= 2;

CREATE OR REPLACE TABLE baseline_contacts AS
WITH ends AS (
    SELECT
        event_uid, time, host, coalesce(src_ip, device_ip) AS src, dst_ip AS dst, dst_port AS port,
        activity_id = 5 AS refused,
        lower(regexp_extract(actor_path, '[^\\/]+$')) AS name,
        TRY_CAST(json_extract_string(event, '$.traffic.bytes_out') AS BIGINT) AS bytes_out,
        TRY_CAST(json_extract_string(event, '$.duration') AS BIGINT) AS duration_ms,
        regexp_matches(dst_ip, '^(127\.|0\.|169\.254\.|22[4-9]\.|23\d\.|255\.|::1$|fe80:|ff|::$|168\.63\.129\.16$)|\.255$')
            AS local,
        regexp_matches(dst_ip, '^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])')
            AS private,
        regexp_extract(dst_ip, '^(\d+\.\d+)\.', 1) AS dst_net
    FROM events
    WHERE class_uid = 4001 AND dst_ip IS NOT NULL AND time IS NOT NULL
        AND coalesce(lower(channel), '') NOT IN ('ssl', 'dce_rpc', 'x509', 'notice', 'dpd', 'weird')
),
homes AS (
    SELECT regexp_extract(src_ip, '^(\d+\.\d+)\.', 1) AS net
    FROM events
    WHERE class_uid = 4001
        AND regexp_matches(src_ip, '^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)')
    GROUP BY net
    HAVING count(*) >= 20
)
SELECT
    ends.* EXCLUDE (local, private, dst_net),
    NOT private OR (dst_net <> '' AND dst_net NOT IN (SELECT net FROM homes)) AS outside
FROM ends
WHERE NOT local AND src IS NOT NULL AND src <> dst;

-- The first event of the day (of the hour for cloud calls) that shows a repeatable fact: the same
-- process loading the same library, reaching the same address, touching the same key. Repetitions
-- are told by counts, not by rows of their own.
CREATE OR REPLACE TABLE baseline_first AS
WITH keyed AS (
    SELECT
        event_uid, time, host, class_uid, activity_id, original_id,
        coalesce(nullif(lower(actor_path), ''), lower(actor_user), lower(channel), '') AS actor,
        -- A row of a call names the calls that repeat it, so a few of them are seen.
        CASE
            WHEN api_operation IS NOT NULL AND class_uid NOT BETWEEN 4001 AND 4999
                OR class_uid IN (6005, 6006) THEN 12
            ELSE 1
        END AS kept,
        CASE
            WHEN class_uid IN (4009, 4014) OR mapper = 'auditd' THEN NULL
            WHEN api_operation IS NOT NULL AND class_uid NOT BETWEEN 4001 AND 4999
                THEN concat_ws('|', actor_user, cloud_account, api_service, api_operation, status_id, src_ip)
            WHEN class_uid = 6005
                THEN concat_ws('|', actor_user, regexp_extract(raw, '(?i)(statement|query|audit): ?(.{0,60})', 2))
            WHEN class_uid = 6006 THEN concat_ws('|', actor_user, original_id, src_ip)
            WHEN class_uid = 1009
                THEN left(json_extract_string(event, '$.script.script_content.value'), 4000)
            WHEN class_uid IN (1001, 1002, 1005) THEN lower(concat_ws('|', file_path, src_ip, share_name))
            WHEN class_uid IN (201001, 201002) THEN lower(concat_ws('|', reg_key, reg_value))
            WHEN class_uid = 1007
                THEN concat_ws('|', lower(process_path), json_extract_string(event, '$.actual_permissions'))
            WHEN class_uid = 4003 THEN concat_ws('|', src_ip, lower(dns_query))
            WHEN class_uid = 4002 THEN concat_ws('|', src_ip, dst_ip, url)
            WHEN class_uid = 4006
                THEN lower(concat_ws('|', src_ip, dst_ip, share_name, file_path, api_operation, actor_user))
            WHEN class_uid BETWEEN 4001 AND 4099 OR lower(channel) IN (
                'conn', 'dce_rpc', 'kerberos', 'ssl', 'notice', 'x509', 'smb_mapping', 'smb_files',
                'ntlm', 'files', 'pe'
            ) THEN lower(concat_ws('|', src_ip, dst_ip, dst_port, service_name, share_name, file_path,
                json_extract_string(event, '$.message'), actor_user,
                regexp_extract(raw, '"operation": ?"(\w+)"', 1),
                regexp_extract(raw, '"endpoint": ?"([^"]+)"', 1)))
            WHEN class_uid = 3002
                THEN lower(concat_ws('|', target_user, src_ip, logon_type_id, service_name, status_id))
            WHEN class_uid IN (3003, 5009, 5018)
                THEN lower(concat_ws('|', target_user, actor_user))
            WHEN class_uid = 201003 THEN lower(concat_ws('|', actor_user,
                json_extract_string(event, '$.win_resource.name'),
                regexp_extract(raw, '"AccessMask":"(\w+)"', 1)))
        END AS fact
    FROM events
    WHERE time IS NOT NULL
        AND NOT (class_uid = 1007 AND activity_id IN (1, 2))
)
SELECT event_uid
FROM keyed
WHERE fact IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY host, class_uid, activity_id, original_id, actor, fact,
        time_bucket(CASE WHEN class_uid = 6003 THEN INTERVAL 1 HOUR ELSE INTERVAL 1 DAY END, time)
    ORDER BY time, event_uid
) <= kept
UNION ALL
SELECT event_uid FROM keyed WHERE fact IS NULL;

CREATE OR REPLACE TABLE baseline_hosts AS
SELECT host, count(*) AS events, min(time) AS first, max(time) AS last
FROM events
WHERE time IS NOT NULL
GROUP BY host;

-- Calls and reads by who made them and where from, and what sort of deed each is, if of any.
CREATE OR REPLACE TABLE baseline_calls AS
SELECT
    CASE
        WHEN api_operation IN ('GetSecretValue', 'BatchGetSecretValue', 'GetParameter', 'GetParameters',
                'GetParametersByPath', 'DescribeParameters', 'ListSecrets', 'GetPasswordData')
            THEN 'secrets from new address'
        WHEN api_operation IN ('GetObject', 'SelectObjectContent', 'RestoreObject', 'REST.GET.OBJECT', 'GetBlob', 'storage.objects.get')
            THEN 'objects from new address'
        WHEN api_operation IN ('AssumeRole', 'GetFederationToken', 'GetSessionToken')
            THEN 'role from new address'
        WHEN api_operation IN ('Invoke', 'Invoke20150331', 'InvokeFunction', 'StartExecution')
            THEN 'function from new address'
        WHEN regexp_matches(api_operation, '^(ListObjects|ListObjectVersions|REST\.GET\.BUCKET$|storage\.objects\.list)')
            THEN 'stores from new address'
        WHEN regexp_matches(api_operation, '^(Describe|List|Get|Search|Lookup)[A-Z]') AND api_service LIKE '%.amazonaws.com'
            AND api_operation <> 'GetCallerIdentity'
            THEN 'survey from new address'
        WHEN api_operation IN ('git.clone', 'git.fetch', 'repo.download_zip', 'repository_git_operation')
            THEN 'code from new address'
        WHEN api_operation IN ('git.push', 'pull_request.merge') THEN 'code changed from new address'
        WHEN api_operation = 'MailItemsAccessed' THEN 'mail read from new address'
        WHEN api_operation IN ('Send', 'SendAs', 'SendOnBehalf') THEN 'mail sent from new address'
        WHEN api_operation IN ('HardDelete', 'SoftDelete') THEN 'mail deleted from new address'
        WHEN api_operation IN ('FileDownloaded', 'FileSyncDownloadedFull', 'FileAccessed', 'FilePreviewed')
            THEN 'files from new address'
    END AS kind,
    event_uid, time, host, account_name(actor_user) AS who, src_ip AS src,
    api_service AS service, api_operation AS operation
FROM events
WHERE (api_operation IS NOT NULL AND class_uid NOT BETWEEN 4001 AND 4999 AND mapper <> 'auditd'
        OR class_uid IN (6005, 6008))
    AND time IS NOT NULL AND coalesce(status_id, 1) <> 2 AND actor_user IS NOT NULL
ORDER BY event_uid;

-- One row per fact that is worth a sentence, hung on the event that shows it first. `times` counts
-- the events that share the fact; `sample` has the first of them.
CREATE OR REPLACE TABLE baseline_notable AS
WITH starts AS (
    SELECT
        *,
        count(*) OVER () AS all_starts,
        count(*) OVER (PARTITION BY parent, name) AS pair_starts,
        row_number() OVER (PARTITION BY parent, name ORDER BY time, event_uid) AS pair_rank,
        count(*) OVER (PARTITION BY path) AS path_starts,
        row_number() OVER (PARTITION BY host, path ORDER BY time, event_uid) AS path_rank,
        row_number() OVER (PARTITION BY host ORDER BY time, event_uid) AS host_rank
    FROM baseline_starts
),
rare_pairs AS (
    SELECT 'rare pair' AS kind, event_uid, time, host, parent AS subject, name AS object,
        pair_starts AS times, NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM starts
    WHERE all_starts >= 60 AND pair_starts = 1 AND pair_rank = 1 AND parent IS NOT NULL
        AND parent <> name AND parent NOT IN ('services.exe', 'svchost.exe', 'explorer.exe',
            'smss.exe', 'wininit.exe', 'winlogon.exe', 'userinit.exe', 'msiexec.exe', 'systemd')
        AND name NOT IN ('conhost.exe', 'werfault.exe', 'wermgr.exe', 'dllhost.exe')
        AND NOT regexp_matches(name, 'setup|install|update')
    QUALIFY row_number() OVER (PARTITION BY host ORDER BY time, event_uid) <= 25
),
new_processes AS (
    SELECT 'new process' AS kind, event_uid, time, host, path AS subject, name AS object,
        path_starts AS times, NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM starts
    WHERE path_rank = 1 AND path_starts = 1 AND host_rank > 60
        AND NOT regexp_matches(path,
            '\\windows\\(system32|syswow64|winsxs|servicing|softwaredistribution|systemapps|microsoft\.net)\\|\\program files( \(x86\))?\\|^/usr/|^/bin/|^/sbin/|setup|install|update')
    QUALIFY row_number() OVER (PARTITION BY host ORDER BY time, event_uid) <= 15
),
contacts AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY src ORDER BY time, event_uid) AS src_rank,
        row_number() OVER (PARTITION BY src, dst ORDER BY time, event_uid) AS pair_rank,
        count(*) OVER (PARTITION BY src, dst) AS pair_count,
        count(DISTINCT src) OVER (PARTITION BY dst, port) AS dst_sources,
        lag(time) OVER (PARTITION BY src, dst, port ORDER BY time, event_uid) AS previous
    FROM baseline_contacts
    WHERE outside AND port NOT IN (53, 123, 137, 138, 5353, 1900, 5355, 67, 68)
),
new_destinations AS (
    SELECT 'new destination' AS kind, event_uid, time, host, src AS subject,
        concat(dst, ':', port) AS object, pair_count AS times, NULL::DOUBLE AS amount,
        NULL::VARCHAR[] AS sample
    FROM contacts
    WHERE pair_rank = 1 AND src_rank > 20 AND dst_sources <= 2 AND pair_count <= 3
    QUALIFY row_number() OVER (PARTITION BY src ORDER BY time, event_uid) <= 10
),
rhythms AS (
    SELECT 'rhythm' AS kind, min_by(event_uid, (time, event_uid)) AS event_uid, min(time) AS time,
        min_by(host, (time, event_uid)) AS host, src AS subject, concat(dst, ':', port) AS object,
        count(*) AS times, median(epoch(time - previous)) AS amount,
        list(event_uid ORDER BY time, event_uid)[:8] AS sample
    FROM contacts
    WHERE port IS NOT NULL
    GROUP BY src, dst, port
    HAVING count(*) >= 12 AND median(epoch(time - previous)) >= 2
        AND mad(epoch(time - previous)) <= 0.25 * median(epoch(time - previous))
        AND epoch(max(time) - min(time)) >= 300
),
uploads AS (
    SELECT 'upload' AS kind, max_by(event_uid, (bytes_out, event_uid)) AS event_uid,
        max_by(time, (bytes_out, event_uid)) AS time, max_by(host, (bytes_out, event_uid)) AS host,
        src AS subject, dst AS object, count(*) AS times, sum(bytes_out)::DOUBLE AS amount,
        list(event_uid ORDER BY bytes_out DESC, event_uid)[:5] AS sample
    FROM contacts
    WHERE bytes_out > 0
    GROUP BY src, dst
    HAVING sum(bytes_out) >= 5000000
),
much_contact AS (
    SELECT 'much contact' AS kind, min_by(event_uid, (time, event_uid)) AS event_uid, min(time) AS time,
        min_by(host, (time, event_uid)) AS host, src AS subject, concat(dst, ':', port) AS object,
        count(*) AS times, epoch(max(time) - min(time)) AS amount,
        list(event_uid ORDER BY time, event_uid)[:8] AS sample
    FROM (SELECT *, count(*) OVER (PARTITION BY src) AS src_count FROM contacts)
    WHERE dst_sources <= 2
    GROUP BY src, dst, port, src_count
    HAVING count(*) >= 100 AND count(*) >= 0.3 * src_count
),
odd_ports AS (
    SELECT 'odd port' AS kind, event_uid, time, host, src AS subject,
        concat(dst, ':', port) AS object, count(*) OVER (PARTITION BY src, dst, port) AS times,
        NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM contacts
    WHERE port BETWEEN 1 AND 49151 AND dst_sources <= 2 AND port NOT IN (20, 21, 22, 25, 43, 80, 110,
        143, 443, 465, 500, 587, 853, 989, 990, 993, 995, 1194, 1723, 1935, 3478, 3479, 3480, 3481,
        4500, 5060, 5061, 5222, 5223, 5228, 8080, 8443, 19302)
    QUALIFY row_number() OVER (PARTITION BY src, dst, port ORDER BY time, event_uid) = 1
        AND dense_rank() OVER (PARTITION BY src ORDER BY dst, port) <= 12
),
new_peers AS (
    SELECT CASE WHEN tried_only THEN 'refused peer' ELSE 'new peer' END AS kind, event_uid, time, host,
        src AS subject, concat(dst, ':', port) AS object, times, NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM (
        SELECT *, count(DISTINCT src) OVER (PARTITION BY dst, port) AS sources,
            count(*) OVER (PARTITION BY src, dst, port) AS times,
            count(*) OVER (PARTITION BY src) AS src_count,
            bool_and(refused) OVER (PARTITION BY src, dst, port) AS tried_only
        FROM baseline_contacts
        WHERE NOT outside AND port IN (22, 135, 445, 3389, 5985, 5986)
    )
    WHERE sources = 1 AND src_count >= 10 AND times <= 0.5 * src_count
    QUALIFY row_number() OVER (PARTITION BY src, dst, port ORDER BY time, event_uid) = 1
        AND dense_rank() OVER (PARTITION BY src ORDER BY dst, port) <= 8
),
long_connections AS (
    SELECT 'long connection' AS kind, event_uid, time, host, src AS subject,
        concat(dst, ':', port) AS object, 1 AS times, duration_ms / 1000.0 AS amount,
        NULL::VARCHAR[] AS sample
    FROM contacts
    WHERE duration_ms >= 1800000
    QUALIFY row_number() OVER (PARTITION BY src, dst, port ORDER BY time, event_uid) <= 1
),
fans AS (
    SELECT 'port scan' AS kind, min_by(event_uid, (time, event_uid)) AS event_uid, min(time) AS time,
        min_by(host, (time, event_uid)) AS host, src AS subject, dst AS object,
        count(DISTINCT port) AS times, epoch(max(time) - min(time)) AS amount,
        list(event_uid ORDER BY time, event_uid)[:8] AS sample
    FROM baseline_contacts
    WHERE port < 49152
    GROUP BY src, dst, time_bucket(INTERVAL 10 MINUTE, time)
    HAVING count(DISTINCT port) >= 40
    UNION ALL
    SELECT 'host sweep', min_by(event_uid, (time, event_uid)), min(time),
        min_by(host, (time, event_uid)), src, port::VARCHAR, count(DISTINCT dst),
        epoch(max(time) - min(time)), list(event_uid ORDER BY time, event_uid)[:8]
    FROM baseline_contacts
    WHERE NOT outside AND port IN (21, 22, 23, 135, 139, 445, 1433, 3306, 3389, 5432, 5900, 5985, 8080)
    GROUP BY src, port, time_bucket(INTERVAL 10 MINUTE, time)
    HAVING count(DISTINCT dst) >= 15
    UNION ALL
    SELECT 'refused fan', min_by(event_uid, (time, event_uid)), min(time),
        min_by(host, (time, event_uid)), src, count(DISTINCT dst)::VARCHAR, count(*),
        epoch(max(time) - min(time)), list(event_uid ORDER BY time, event_uid)[:12]
    FROM baseline_contacts
    WHERE NOT outside AND refused AND port < 49152
        AND regexp_matches(src, '^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd])')
    GROUP BY src, time_bucket(INTERVAL 10 MINUTE, time)
    HAVING count(DISTINCT (dst, port)) >= 12
),
logons AS (
    SELECT event_uid, time, host, lower(coalesce(target_user, actor_user)) AS user_name,
        replace(src_ip, '::ffff:', '') AS src, logon_type_id
    FROM events
    WHERE class_uid = 3002 AND activity_id = 1 AND coalesce(status_id, 1) = 1
        AND api_operation IS NULL AND (logon_type_id IN (3, 8, 10) OR mapper = 'sshd')
        AND src_ip IS NOT NULL AND time IS NOT NULL AND coalesce(target_user, actor_user) IS NOT NULL
        AND NOT regexp_matches(src_ip, '^(127\.|::1$|fe80:|0\.0\.0\.0)')
),
new_logons AS (
    SELECT 'new logon' AS kind, event_uid, time, host, user_name AS subject, src AS object,
        count(*) OVER (PARTITION BY host, user_name, src) AS times, logon_type_id::DOUBLE AS amount,
        NULL::VARCHAR[] AS sample
    FROM logons
    WHERE NOT regexp_matches(user_name, '\$$|^(anonymous logon|system)$')
    QUALIFY row_number() OVER (PARTITION BY host, user_name, src ORDER BY time, event_uid) = 1
),
privileged AS (
    SELECT 'privileged logon' AS kind, event_uid, time, host,
        coalesce(target_user, actor_user) AS subject, NULL AS object,
        count(*) OVER (PARTITION BY host, coalesce(target_user, actor_user)) AS times,
        NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM events
    WHERE original_id = '4672' AND lower(channel) = 'security' AND time IS NOT NULL
        AND NOT regexp_matches(lower(coalesce(target_user, actor_user)),
            '\$$|^(system|local service|network service|anonymous logon|(dwm|umfd)-\d+)$')
    QUALIFY row_number() OVER (
        PARTITION BY host, lower(coalesce(target_user, actor_user)) ORDER BY time, event_uid
    ) = 1
),
calls AS (
    SELECT
        event_uid, time, host,
        coalesce(actor_user, json_extract_string(event, '$.actor.user.uid')) AS principal,
        coalesce(json_extract_string(event, '$.http_request.user_agent'), '?') AS agent,
        coalesce(json_extract_string(event, '$.cloud.region'), '?') AS region,
        src_ip, mapper,
        -- A role's session that a build or a machine holds: nobody signs in to it.
        raw LIKE '%"AssumedRole"%' AND raw LIKE '%webIdFederationData":{"%' AS session
    FROM events
    WHERE api_operation IS NOT NULL AND class_uid NOT BETWEEN 4001 AND 4999
        AND time IS NOT NULL
),
ranked_calls AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY principal ORDER BY time, event_uid) AS call_rank,
        row_number() OVER (PARTITION BY principal, agent ORDER BY time, event_uid) AS agent_rank,
        row_number() OVER (PARTITION BY principal, region ORDER BY time, event_uid) AS region_rank,
        count(*) OVER (PARTITION BY principal, agent) AS agent_calls,
        count(*) OVER (PARTITION BY principal, region) AS region_calls
    FROM calls
    WHERE principal IS NOT NULL
),
new_agents AS (
    SELECT 'new agent' AS kind, event_uid, time, host, principal AS subject, agent AS object,
        agent_calls AS times, NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM ranked_calls
    WHERE agent_rank = 1 AND call_rank > 50 AND agent_calls <= 20
        AND NOT regexp_matches(lower(agent),
            'amazonaws|aws internal|^\?$|stratus|[0-9a-f]{8}-[0-9a-f]{4}-')
    QUALIFY row_number() OVER (PARTITION BY principal ORDER BY time, event_uid) <= 6
    UNION ALL
    SELECT 'attack agent', event_uid, time, host, principal, agent, calls, NULL, NULL
    FROM (
        SELECT *, count(*) OVER (PARTITION BY principal) AS calls
        FROM calls
        WHERE principal IS NOT NULL AND regexp_matches(lower(agent),
            'kali|parrot|pentoo|pacu|stratus|cloudgoat|scoutsuite|enumerate-iam|trufflehog|weirdaal')
    )
    QUALIFY row_number() OVER (PARTITION BY principal ORDER BY time, event_uid) = 1
    UNION ALL
    SELECT 'new region', event_uid, time, host, principal, region, region_calls, NULL, NULL
    FROM ranked_calls
    WHERE region_rank = 1 AND call_rank > 50 AND region <> '?'
),
sign_ins AS (
    SELECT
        event_uid, time, host, account_name(coalesce(target_user, actor_user)) AS who,
        src_ip AS src, json_extract_string(event, '$.is_mfa') AS factor,
        mapper IN ('fortigate', 'palo_alto', 'cisco_asa', 'check_point', 'junos') AS edge
    FROM events
    WHERE (class_uid = 3002 AND status_id = 1 OR class_uid = 4014 AND coalesce(status_id, 1) <> 2)
        AND activity_id = 1 AND logon_type_id IS NULL AND api_operation IS NULL AND src_ip IS NOT NULL
        AND mapper NOT IN ('windows', 'zeek', 'sshd', 'pam', 'privilege', 'cron', 'auditd', 'databases',
            'crowdstrike_fdr', 'defender_hunting', 'web_error', 'suricata')
        AND time IS NOT NULL AND coalesce(target_user, actor_user) IS NOT NULL
),
-- Where accounts act from, by sign-ins and by calls.
places AS (
    SELECT who, src, min(time) AS first, count(*) AS times
    FROM (
        SELECT account_name(coalesce(actor_user, target_user)) AS who, src_ip AS src, time
        FROM events
        WHERE src_ip IS NOT NULL AND time IS NOT NULL AND api_operation IS NOT NULL
            AND class_uid NOT BETWEEN 4001 AND 4999
        UNION ALL
        SELECT who, src, time FROM sign_ins
    )
    WHERE who <> ''
    GROUP BY who, src
),
-- An address that several accounts share is a company's own: an office, a gateway.
shared AS (
    SELECT src FROM places GROUP BY src HAVING count(DISTINCT who) >= 3
),
-- A place is new for an account that was elsewhere before, or that is at a shared place as well.
newcomers AS (
    SELECT who, src, first, earlier, at_home
    FROM (
        SELECT
            places.*,
            coalesce(sum(times) OVER (
                PARTITION BY who ORDER BY first, places.src
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0) AS earlier,
            shared.src IS NOT NULL AS is_shared,
            bool_or(shared.src IS NOT NULL) OVER (PARTITION BY who) AS at_home
        FROM places
        LEFT JOIN shared ON shared.src = places.src
    )
    WHERE NOT is_shared
),
-- What is new for one account is no home of another that was never seen before either.
fresh_places AS (
    SELECT who, src, first
    FROM newcomers
    WHERE earlier >= 10 OR at_home
    UNION
    SELECT late.who, late.src, late.first
    FROM newcomers AS late
    JOIN newcomers AS known
        ON known.src = late.src AND known.who <> late.who AND known.first < late.first
    WHERE (known.earlier >= 10 OR known.at_home) AND late.earlier = 0
),
known_sign_ins AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY who, src ORDER BY time, event_uid) AS address_rank,
        count(*) OVER (PARTITION BY who, src) AS address_times,
        -- How often the account gives a factor elsewhere; NULL when no record of it says.
        (count(*) FILTER (factor = 'true') OVER (PARTITION BY who)
            - count(*) FILTER (factor = 'true') OVER (PARTITION BY who, src))
        / nullif(count(factor) OVER (PARTITION BY who) - count(factor) OVER (PARTITION BY who, src), 0)
            AS factor_share
    FROM sign_ins
),
-- The first sign-in of an account from a place that is new for it.
fresh AS (
    SELECT
        k.*,
        lag(time) OVER (PARTITION BY who ORDER BY time, event_uid) AS before,
        lag(factor) OVER (PARTITION BY who ORDER BY time, event_uid) AS factor_before,
        lead(time) OVER (PARTITION BY who ORDER BY time, event_uid) AS after,
        lead(factor) OVER (PARTITION BY who ORDER BY time, event_uid) AS factor_after
    FROM known_sign_ins AS k
    JOIN fresh_places USING (who, src)
    WHERE address_rank = 1
),
fresh_sign_ins AS (
    SELECT
        CASE
            -- A page in the middle passes the factor on; the session is then used from elsewhere.
            WHEN factor = 'true' AND factor_after = 'false'
                AND epoch(after - time) <= 3600 THEN 'relayed sign-in'
            WHEN factor = 'false' AND factor_before = 'true'
                AND epoch(time - before) <= 3600 THEN 'session taken along'
            WHEN edge THEN 'new gateway address'
            WHEN factor = 'false' AND factor_share >= 0.8
                THEN 'sign-in without factor'
            ELSE 'new sign-in address'
        END AS kind,
        event_uid, time, host, who AS subject, src AS object, address_times AS times,
        NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM fresh
),
-- What an account does from a place that is new for it: the first call of each sort in an hour.
-- The first call of an account from a place that is new for it.
new_addresses AS (
    SELECT CASE WHEN bool_or(c.session) THEN 'session from new address' ELSE 'new address' END AS kind,
        min_by(event_uid, (c.time, event_uid)) AS event_uid,
        min(c.time) AS time, min_by(host, (c.time, event_uid)) AS host, p.who AS subject,
        p.src AS object, count(*) AS times, NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM calls AS c
    JOIN fresh_places AS p
        ON p.src = c.src_ip AND p.who = account_name(c.principal)
    WHERE c.mapper NOT IN ('m365', 'entra')
    GROUP BY p.who, p.src
),
odd_calls AS (
    SELECT c.kind, c.event_uid, c.time, c.host, c.who, c.src
    FROM baseline_calls AS c
    JOIN fresh_places AS p ON p.src = c.src AND p.who = c.who
),
-- One repository after another: a person reads the code they work on, not all there is.
swept_code AS (
    SELECT 'many repositories' AS kind, min_by(event_uid, (time, event_uid)) AS event_uid,
        min(time) AS time, min_by(host, (time, event_uid)) AS host, who AS subject, src AS object,
        count(DISTINCT repository) AS times, NULL::DOUBLE AS amount,
        list(event_uid ORDER BY time, event_uid)[:12] AS sample
    FROM (
        SELECT c.*, regexp_extract(e.raw, '"(?:repo|repository|target_details|entity_path)"\s*:\s*"([^"]{1,200})"', 1)
            AS repository
        FROM baseline_calls AS c
        JOIN events AS e USING (event_uid)
        WHERE c.kind = 'code from new address'
            AND NOT regexp_matches(e.raw, '"actor_is_bot"\s*:\s*true')
            AND NOT regexp_matches(c.who, '\[bot\]$|^ci[-_]|[-_]ci$|^deploy|^svc[-_.]|^renovate|^jenkins|^backup')
    )
    WHERE repository <> ''
    GROUP BY who, src, time_bucket(INTERVAL 1 HOUR, time)
    HAVING count(DISTINCT repository) >= 8
),
calls_from_new_places AS (
    SELECT kind, min_by(event_uid, (time, event_uid)) AS event_uid, min(time) AS time,
        min_by(host, (time, event_uid)) AS host, who AS subject, src AS object, count(*) AS times,
        NULL::DOUBLE AS amount, list(event_uid ORDER BY time, event_uid)[:12] AS sample
    FROM odd_calls
    WHERE kind IS NOT NULL
    GROUP BY kind, who, src, time_bucket(INTERVAL 1 HOUR, time)
),
mails AS (
    SELECT
        event_uid, time, host,
        lower(regexp_extract(json_extract_string(event, '$.email.from'), '@([A-Za-z0-9.-]+)', 1)) AS sender,
        lower(regexp_extract(json_extract_string(event, '$.email.to[0]'), '@([A-Za-z0-9.-]+)', 1)) AS recipient,
        json_extract_string(event, '$.email.from') AS address,
        coalesce(CAST(json_extract(event, '$.email.files') AS VARCHAR), '') AS attached
    FROM events
    WHERE class_uid = 4009 AND time IS NOT NULL
),
home AS (
    SELECT mode(recipient) AS domain, regexp_extract(mode(recipient), '^([^.]+)', 1) AS label
    FROM mails
    WHERE recipient <> ''
),
senders AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY sender) AS sent,
        regexp_matches(attached, '(?i)\.(s?html?|svg|mht|hta|lnk|iso|one|js|docm|xlsm)"') AS opens
    FROM mails
),
lures AS (
    SELECT 'lure visited' AS kind, min_by(e.event_uid, (e.time, e.event_uid)) AS event_uid,
        min(e.time) AS time, min_by(e.host, (e.time, e.event_uid)) AS host, e.dns_query AS subject,
        min(s.address) AS object, count(*) AS times, NULL::DOUBLE AS amount,
        list(e.event_uid ORDER BY e.time, e.event_uid)[:8] AS sample
    FROM senders AS s
    JOIN events AS e
        ON e.dns_query IS NOT NULL AND (lower(e.dns_query) = s.sender OR ends_with(lower(e.dns_query), concat('.', s.sender)))
        AND e.time BETWEEN s.time AND s.time + INTERVAL 1 DAY
    WHERE s.opens AND s.sent <= 5 AND s.sender <> (SELECT domain FROM home)
    GROUP BY e.dns_query
),
odd_mails AS (
    SELECT
        CASE WHEN sender = domain THEN 'page from inside' ELSE 'twin sender' END AS kind,
        event_uid, time, mails.host, address AS subject, domain AS object, 1 AS times,
        NULL::DOUBLE AS amount, NULL::VARCHAR[] AS sample
    FROM senders AS mails, home
    WHERE length(label) >= 5 AND (
        sender = domain AND opens
        OR sent <= 5 AND sender <> domain AND NOT ends_with(sender, concat('.', domain)) AND (
            contains(split_part(sender, '.', 1), label)
            OR levenshtein(regexp_extract(sender, '^([^.]+)', 1), label) BETWEEN 1 AND 2
        )
    )
),
tunnels AS (
    SELECT 'many names' AS kind, min_by(event_uid, (time, event_uid)) AS event_uid, min(time) AS time,
        min_by(host, (time, event_uid)) AS host,
        coalesce(src_ip, device_ip, device_host) AS subject,
        regexp_extract(lower(dns_query), '([^.]+\.[^.]+)\.?$', 1) AS object,
        count(DISTINCT lower(dns_query)) AS times, avg(length(dns_query)) AS amount,
        list(event_uid ORDER BY time, event_uid)[:8] AS sample
    FROM events
    WHERE class_uid = 4003 AND dns_query IS NOT NULL AND time IS NOT NULL
        AND NOT regexp_matches(lower(dns_query), '\.(arpa|local|lan|internal|microsoft\.com|windows\.net|azure\.com|amazonaws\.com|akamai\w*\.net|cloudfront\.net)\.?$')
    GROUP BY subject, object, time_bucket(INTERVAL 1 HOUR, time)
    HAVING count(DISTINCT lower(dns_query)) >= 60 AND avg(length(dns_query)) >= 30
)
SELECT * FROM rare_pairs
UNION ALL SELECT * FROM new_processes
UNION ALL SELECT * FROM new_destinations
UNION ALL SELECT * FROM rhythms
UNION ALL SELECT * FROM uploads
UNION ALL SELECT * FROM much_contact
UNION ALL SELECT * FROM odd_ports
UNION ALL SELECT * FROM new_peers
UNION ALL SELECT * FROM long_connections
UNION ALL SELECT * FROM fans
UNION ALL SELECT * FROM new_logons
UNION ALL SELECT * FROM privileged
UNION ALL SELECT * FROM new_agents
UNION ALL SELECT * FROM fresh_sign_ins
UNION ALL SELECT * FROM new_addresses
UNION ALL SELECT * FROM swept_code
UNION ALL SELECT * FROM calls_from_new_places
UNION ALL SELECT * FROM odd_mails
UNION ALL SELECT * FROM lures
UNION ALL SELECT * FROM tunnels
ORDER BY time, event_uid, kind;

-- Which sensor wrote an event, which sort of fact it records (its scope), and whether any pattern
-- could match it. The filter is coarse on purpose: it must never drop what a pattern would take.
-- Events that a rule or the baselines speak of always stay; of a repeated fact only the first event of
-- the day does.
CREATE OR REPLACE TABLE baseline_scopes AS
WITH sensed AS (
    SELECT
        event_uid, time, class_uid, activity_id, process_path, actor_path, file_path, reg_key, reg_value,
        dst_port, dns_query, original_id, channel, mapper, raw, event, api_operation,
        CASE
            WHEN api_operation IS NOT NULL AND class_uid NOT BETWEEN 4001 AND 4999
                AND mapper <> 'auditd' OR class_uid = 6006 THEN 'api'
            WHEN lower(concat(channel, ' ', provider)) LIKE '%sysmon%' THEN 'sysmon'
            WHEN lower(concat(channel, ' ', provider)) LIKE '%powershell%' THEN 'powershell'
            WHEN lower(channel) = 'security' THEN 'security'
            WHEN lower(channel) = 'system' THEN 'system'
            WHEN lower(channel) LIKE '%taskscheduler%' THEN 'task scheduler'
            WHEN lower(channel) LIKE '%windows defender%' THEN 'defender'
            WHEN lower(channel) LIKE '%wmi-activity%' THEN 'wmi'
            WHEN mapper LIKE 'zeek%' THEN 'zeek'
            ELSE 'other'
        END AS sensor
    FROM events
    WHERE time IS NOT NULL
),
scoped AS (
    SELECT
        *,
        CASE
            WHEN class_uid BETWEEN 2001 AND 2007 AND sensor <> 'zeek' THEN 'finding'
            WHEN sensor = 'api' THEN 'api'
            WHEN sensor = 'sysmon' THEN CASE original_id
                WHEN '1' THEN 'process'
                WHEN '3' THEN 'network'
                WHEN '2' THEN 'file'
                WHEN '11' THEN 'file'
                WHEN '15' THEN 'file'
                WHEN '23' THEN 'delete'
                WHEN '26' THEN 'delete'
                WHEN '29' THEN 'file'
                WHEN '6' THEN 'driver'
                WHEN '7' THEN 'module'
                WHEN '8' THEN 'inject'
                WHEN '25' THEN 'inject'
                WHEN '9' THEN 'raw read'
                WHEN '10' THEN 'access'
                WHEN '12' THEN 'registry'
                WHEN '13' THEN 'registry'
                WHEN '14' THEN 'registry'
                WHEN '17' THEN 'pipe'
                WHEN '18' THEN 'pipe'
                WHEN '19' THEN 'wmi'
                WHEN '20' THEN 'wmi'
                WHEN '21' THEN 'wmi'
                WHEN '22' THEN 'dns'
                WHEN '4' THEN 'sensor'
                WHEN '16' THEN 'sensor'
            END
            WHEN sensor = 'powershell' AND original_id IN ('4103', '4104', '800', '400')
                THEN 'script'
            WHEN sensor = 'wmi' THEN 'wmi'
            WHEN sensor = 'task scheduler' THEN 'task'
            WHEN sensor = 'defender' THEN 'defender'
            WHEN sensor IN ('security', 'system') AND (
                original_id IN ('1102', '104', '4719', '4697', '7045', '7040', '4688', '4657',
                    '4656', '4663', '4661', '4624', '4625', '4648', '4672', '4768', '4769', '4771',
                    '4776', '4703', '4673', '4698', '4699', '4700', '4701', '4702', '4720', '4722',
                    '4723', '4724', '4725', '4726', '4728', '4732', '4738', '4740', '4742', '4756',
                    '4781', '4765', '4766', '4794', '4798', '4799', '5140', '5145', '5156', '5158', '5154',
                    '5136', '5137', '5379', '5381', '5382', '4616', '4662', '4886', '4887', '4741', '4743',
                    '4704', '4717', '4706', '4716', '4713', '4739', '5142', '4946', '4947', '4948', '4950',
                    '5025', '4778', '4727', '4731', '4735', '4737', '4754', '4755', '4729', '4733', '4757')
            ) THEN CASE
                WHEN original_id IN ('4886', '4887') THEN 'certificate'
                WHEN original_id IN ('4704', '4717', '4706', '4716', '4713', '4739', '4946', '4947', '4948',
                    '4950', '5025') THEN 'policy'
                WHEN original_id = '5142' THEN 'share'
                WHEN original_id = '4778' THEN 'logon'
                WHEN original_id IN ('1102', '104', '4719', '4616') THEN 'log'
                WHEN original_id IN ('4697', '7045', '7040') THEN 'service'
                WHEN original_id = '4688' THEN 'process'
                WHEN original_id = '4657' THEN 'registry'
                WHEN original_id IN ('4656', '4663') THEN 'object'
                WHEN original_id IN ('4661', '4798', '4799') THEN 'query'
                WHEN original_id IN ('4624', '4648', '4625', '4776', '4771') THEN 'logon'
                WHEN original_id IN ('4768', '4769') THEN 'kerberos'
                WHEN original_id IN ('4672', '4673', '4703') THEN 'privilege'
                WHEN original_id BETWEEN '4698' AND '4702' THEN 'task'
                WHEN original_id IN ('5140', '5145') THEN 'share'
                WHEN original_id IN ('5156', '5158', '5154') THEN 'network'
                WHEN original_id IN ('5136', '5137', '4662') THEN 'directory'
                WHEN original_id IN ('5379', '5381', '5382') THEN 'vault'
                ELSE 'account'
            END
            WHEN sensor = 'zeek' THEN CASE lower(coalesce(channel, mapper))
                WHEN 'conn' THEN 'network'
                WHEN 'dce_rpc' THEN 'rpc'
                WHEN 'smb_files' THEN 'smb file'
                WHEN 'smb_mapping' THEN 'share'
                WHEN 'kerberos' THEN 'kerberos'
                WHEN 'http' THEN 'http'
                WHEN 'dns' THEN 'dns'
                WHEN 'ssh' THEN 'remote session'
                WHEN 'rdp' THEN 'remote session'
                WHEN 'ssl' THEN 'tls'
                WHEN 'x509' THEN 'tls'
                WHEN 'notice' THEN 'notice'
                WHEN 'pe' THEN 'transfer'
                WHEN 'files' THEN 'transfer'
                WHEN 'ntlm' THEN 'ntlm'
            END
            WHEN class_uid = 1007 AND activity_id IN (0, 1) THEN 'process'
            WHEN class_uid = 1007 AND activity_id = 3 THEN 'access'
            WHEN class_uid = 1007 AND activity_id = 4 THEN 'inject'
            WHEN class_uid IN (201001, 201002) THEN 'registry'
            WHEN class_uid = 1001 THEN CASE WHEN activity_id = 4 THEN 'delete' ELSE 'file' END
            WHEN class_uid = 1002 THEN 'driver'
            WHEN class_uid = 1005 THEN 'module'
            WHEN class_uid = 1006 THEN 'task'
            WHEN class_uid = 1008 THEN 'log'
            WHEN class_uid = 1009 THEN 'script'
            WHEN class_uid = 201004 THEN 'service'
            WHEN class_uid = 3001 THEN 'account'
            WHEN class_uid = 3002 THEN 'logon'
            WHEN class_uid IN (3005, 3006) THEN 'account'
            WHEN class_uid = 4001 THEN 'network'
            WHEN class_uid = 4002 THEN 'http'
            WHEN class_uid = 4003 THEN 'dns'
            WHEN class_uid = 4006 THEN 'share'
            WHEN class_uid IN (4005, 4007) THEN 'remote session'
            WHEN class_uid = 4009 THEN 'mail'
            WHEN class_uid = 4014 THEN 'vpn'
            WHEN class_uid = 6002 THEN 'program'
            WHEN class_uid IN (6005, 6008) THEN 'database'
            WHEN class_uid = 0 THEN 'text'
        END AS scope
    FROM sensed
)
SELECT event_uid, sensor, scope
FROM scoped
WHERE event_uid IN (SELECT event_uid FROM detections)
    OR event_uid IN (SELECT event_uid FROM baseline_notable)
    OR (event_uid IN (SELECT event_uid FROM baseline_first) OR scope = 'process') AND CASE scope
    WHEN 'registry' THEN regexp_matches(concat(reg_key, '\', reg_value),
        '(?i)\\run(once|onceex|services|servicesonce)?(\\|$)|\\winlogon\\|image file execution|silentprocessexit|\\appinit_dlls|\\currentversion\\windows\\load|\\lsa\\|securityproviders|\\wdigest|\\services\\[^\\]+\\(imagepath|servicedll)|\\shell\\open\\command|delegateexecute|\\inprocserver32|\\policies\\|windows defender|\\amsi|\\eventlog\\|\\print\\(monitors|environments)|\\desktop\\wallpaper|\\active setup\\|\\user shell folders|userinitmprlogonscript|\\netsh|\\schedule\\taskcache|portproxy|fdenytsconnections|disablerestrictedadmin|\\terminal server\\|screensave|scrnsave|\\environment\\|psexec|procdump|\\office\\.*(security|vbawarnings|trusted)|\\sam\\|\\cache\\|\\autologger|\\psscriptpolicy|\\ci\\config|\\deviceguard|treatas|\\terminal services\\|scriptblocklogging|modulelogging')
    WHEN 'file' THEN regexp_matches(file_path,
        '(?i)\.(exe|dll|sys|scr|com|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|lnk|url|iso|img|vhd|dmp|kirbi|one|chm|msi|cpl|jar|py|aspx?|ashx|jspx?|php|zip|7z|rar|cab|doc[mx]?|xls[mx]?|rtf|job|xml|inf|tmp|bin|dat|rdp|locked|encrypted)(:[^\\]*)?$|\\startup\\|\\system32\\tasks\\|ntds|lsass|readme|decrypt|restore|recover|ransom|unlock|how.?to|psexesvc|\.(docx?|xlsx?|pptx?|pdf|jpe?g|sql|bak|vmdk|vhdx?|mdf)\.[a-z0-9_-]{3,16}$|authorized_keys|/cron|/etc/(passwd|shadow|sudoers|ld\.so\.preload|systemd)|/launch(agents|daemons)/|/\.ssh/|login data|cookies\.sqlite|logins\.json|key4\.db|keychain|\.(locky|crypt|enc|akira|lockbit|ryk|play|basta|onion)$')
    WHEN 'delete' THEN FALSE
    WHEN 'mail' THEN json_extract(event, '$.email.files') IS NOT NULL
        OR regexp_matches(json_extract_string(event, '$.email.subject'), '(?i)bank|account|payment|iban|wire|remittance')
    WHEN 'access' THEN process_path ILIKE '%\lsass.exe' OR concat(raw, '') ILIKE '%\lsass.exe%'
    WHEN 'object' THEN concat(raw, '') ILIKE '%lsass.exe%'
        OR concat(raw, '') ILIKE '%\\sam%' OR concat(raw, '') ILIKE '%ntds%'
    WHEN 'module' THEN NOT regexp_matches(file_path, '(?i)^([a-z]:|\\device\\harddiskvolume\d+)\\(windows|program files( \(x86\))?)\\')
        OR regexp_matches(file_path, '(?i)\\(credui|samlib|vaultcli|dbghelp|dbgcore|system\.management\.automation(\.ni)?|wmiutils|wbemcomn|taskschd|clr|mscoree|comsvcs|dpapi|ntdsapi|bitsproxy|scrobj|jscript9?|vbscript|mshtml|wldp|amsi|combase|winrscmd|wsmsvc)\.dll$')
    WHEN 'network' THEN sensor <> 'zeek' OR regexp_matches(concat(dst_port, ''), '^(22|23|135|139|445|3389|5985|5986|4444|4445|1337|31337|8443|8080|9001|6666|6667)$')
    WHEN 'dns' THEN length(dns_query) > 60
        OR regexp_matches(actor_path, '(?i)\\(powershell|pwsh|wscript|cscript|mshta|rundll32|regsvr32|msbuild|installutil|certutil|bitsadmin|wuauclt|notepad|cmstp|regasm|odbcconf|wmic|calc|dllhost)\.exe$|\\(users|temp|perflogs|programdata)\\')
        OR regexp_matches(dns_query,
        '(?i)(pastebin|githubusercontent|ngrok|duckdns|no-ip|serveo|transfer\.sh|anonfiles|mega\.(nz|io)|discord|telegram|ipify|icanhazip|ifconfig\.|checkip|ipinfo\.io|ip-api|\.onion|dnslog|interact\.sh|oast\.|burpcollaborator|trycloudflare|portmap)|wpad')
    WHEN 'program' THEN regexp_matches(raw,
        '(?i)auditd|syslog|fail2ban|firewalld|ufw|falcon|osquery|wazuh|ossec|mdatp|falco|auditbeat|filebeat|elastic-agent|apparmor|xagt|sentinel|/(tmp|var/tmp|dev/shm)/')
    WHEN 'database' THEN regexp_matches(raw,
        '(?i)readme|ransom|bitcoin|recover|copy\s|select\s{1,9}\*|dump|outfile|load_file|drop\s|truncate|delete\s{1,9}from|(create|alter)\s{1,9}(user|role|login|function|extension|event|trigger)|grant\s|set\s{1,9}global|shadow|pg_read|pg_ls|pg_authid|lo_(export|import)|mysql\.user|information_schema|xp_|sp_|pg_sleep|union|dblink|sys_exec|general_log|log_statement|pgaudit|audit')
    WHEN 'log' THEN original_id IN ('1102', '104', '4719') OR class_uid = 1008
    WHEN 'text' THEN regexp_matches(raw, '(?i)sshd|terminalservices-gateway|xp_cmdshell|sp_oacreate|esxcli|vim-cmd|hostd\b|config(uration)? (file )?(has been |was |is )?(downloaded|backed|exported|saved)|jsconsole|%(asa|sys|parser|ha_em)-|log(s)? (was |were |has been |have been )?(deleted|cleared|erased)|firmware|restore|,CONFIG,|rpc\.mountd|sudo|useradd|adduser|usermod|cron|passwd|su\[|su:|authorized_keys|/dev/tcp|base64|curl|wget|nc |ncat|chmod|history|auditctl|systemctl|insmod|ld_preload|type=SYSCALL.{0,500}\s(uid=(33|48|80|101)\s|exe="/(tmp|var/tmp|dev/shm)/)|type=(EXECVE|PROCTITLE).*([ =][0-9A-F]{12,}( |$)|/tmp/|/dev/|/etc/|/root|/proc/|/\.[a-z]|_history|/var/(log|spool|run|lib|backups|www)/|/home|/systemd/|stratum|donate-level|monero|--coin|--algo|--pool|xmr|miner|["/](ip6?tables[a-z-]*|nft|ufw|firewall-cmd|service|setenforce|aa-[a-z]+|pkill|killall|journalctl|update-rc\.d|chkconfig|at|batch|visudo|sudo|gpasswd|newusers|chpasswd|setcap|getcap|chattr|base32|openssl|xxd|uudecode|ncat|netcat|socat|mkfifo|find|locate|gcore|gdb|john|hashcat|unshadow|hydra|medusa|ncrack|patator|crackmapexec|netexec|nxc|kerbrute|tcpdump|tshark|dumpcap|ettercap|bettercap|dsniff|masscan|zmap|fscan[^"]*|rustscan|naabu|pnscan|hping3|arp|ip|arp-scan|fping|nbtscan|ssh-keyscan|ssh|scp|sftp|rsync|sshpass|autossh|chisel|frpc|frps|ngrok|gost|cloudflared|proxychains[0-9]?|sshuttle|nsenter|chroot|mount|docker|podman|nerdctl|crictl|ctr|kubectl|etcdctl|touch|mkdir|shred|unlink|tar|zip|7z[a-z]?|rar|mysqldump|mariadb-dump|pg_dump[a-z]*|mongodump|mongoexport|sqlite3|rclone|aws|gsutil|azcopy|dd|mkfs[^"]*|wipefs|gpg|ccrypt|lvremove|zfs|btrfs|restic|borg|virsh|esxcli|vim-cmd|gcc|cc|clang|uname|hostnamectl|lscpu|nproc|dmidecode|lsb_release|lshw|lsblk|lspci|free|uptime|nvidia-smi|printenv|env|ps|top|pgrep|pstree|htop|id|whoami|w|who|last|lastlog|lastb|groups|getent|lslogins|netstat|ss|lsof|ifconfig|route|dpkg|rpm|python[0-9.]*|perl|php|ruby|nc|modprobe|npm|yarn|pnpm|twine|gem|cargo|poetry|git|gh|node|rg|ag|grep|dotnet|showmount|smbclient|smbmap|enum4linux|rpcclient|rpcinfo|sshfs|torsocks|tor|torify|sysctl|env|awk|less|vim?|bash|dig|nslookup|cp)"|/backups?/|\.ko")|type=SYSCALL.{0,500}exe="[^"]{0,80}/(uname|hostnamectl|lscpu|nproc|dmidecode|lshw|lspci|nvidia-smi|ps|top|pgrep|pstree|htop|id|whoami|w|who|last|lastlog|lastb|groups|getent|netstat|ss|lsof|ifconfig)"|iptables|setenforce|/etc/sudoers|visudo|docker|kubectl|nsenter|\.ssh/|id_rsa|openssl|"[A-Z]{3,7} \S{0,900}(\.\.|%2e%2e|union|jndi|etc(/|%2f)passwd|[?&](cmd|c|exec|command|q|x)=|upload)|nikto|sqlmap|wpscan|nuclei|gobuster|feroxbuster|dirbuster|acunetix|nessus|openvas|masscan|zgrab|nmap')
    ELSE scope IS NOT NULL
END
ORDER BY event_uid;

-- The count an event adds to, if any. A key holds names and absolute ten-minute or hour buckets, never
-- anything of a partition; partitions add the counts up.
CREATE OR REPLACE TABLE baseline_counted AS
SELECT event_uid, key
FROM (
    SELECT
        event_uid,
        CASE
            WHEN api_operation IS NOT NULL AND status_id = 2 THEN [
                'refused call', coalesce(cloud_account, ''), lower(coalesce(actor_user, '')),
                strftime(time_bucket(INTERVAL 1 HOUR, time), '%Y-%m-%dT%H:%M:%SZ'), api_operation
            ]
            WHEN api_operation IN ('GetSecretValue', 'BatchGetSecretValue', 'GetParameter',
                'GetParameters', 'GetParametersByPath', 'GetPasswordData', 'Decrypt') THEN [
                'secret read', coalesce(cloud_account, ''), lower(coalesce(actor_user, '')),
                strftime(time_bucket(INTERVAL 1 HOUR, time), '%Y-%m-%dT%H:%M:%SZ'), api_operation
            ]
            WHEN regexp_matches(api_operation, '^(Describe|List|Get|Search|Lookup)') THEN [
                'survey call', coalesce(cloud_account, ''), lower(coalesce(actor_user, '')),
                strftime(time_bucket(INTERVAL 1 HOUR, time), '%Y-%m-%dT%H:%M:%SZ'), api_operation
            ]
            WHEN api_operation IS NOT NULL AND api_operation NOT IN ('FileDownloaded', 'FileSyncDownloadedFull') THEN NULL
            WHEN class_uid = 3002 AND (status_id = 2 OR original_id IN ('4625', '4771'))
                AND coalesce(target_user, actor_user, '') <> ''
                AND raw NOT LIKE '%KDC_ERR_PREAUTH_REQUIRED%' THEN [
                CASE WHEN json_extract_string(event, '$.is_mfa') = 'true' THEN 'refused factor'
                ELSE 'failed logon' END,
                coalesce(host, ''), coalesce(src_ip, src_host, ''),
                strftime(time_bucket(INTERVAL 10 MINUTE, time), '%Y-%m-%dT%H:%M:%SZ'),
                lower(coalesce(target_user, actor_user, ''))
            ]
            WHEN class_uid = 3002 AND activity_id = 1 AND coalesce(status_id, 1) = 1
                AND coalesce(src_ip, src_host) IS NOT NULL
                AND coalesce(logon_type_id, 3) IN (3, 8, 10)
                AND NOT ends_with(coalesce(target_user, ''), '$') THEN [
                'logon', coalesce(host, ''), coalesce(src_ip, src_host, ''),
                strftime(time_bucket(INTERVAL 10 MINUTE, time), '%Y-%m-%dT%H:%M:%SZ'),
                lower(coalesce(target_user, actor_user, ''))
            ]
            WHEN class_uid = 0 AND regexp_matches(raw, 'sshd.*(Failed password|Invalid user|authentication failure)') THEN [
                'failed logon', coalesce(host, ''), regexp_extract(raw, ' (?:from|rhost=) ?([0-9a-fA-F.:]+)', 1),
                strftime(time_bucket(INTERVAL 10 MINUTE, time), '%Y-%m-%dT%H:%M:%SZ'),
                lower(regexp_extract(raw, '(?:for invalid user|for|Invalid user|user=) ?(\S{1,64})', 1))
            ]
            WHEN class_uid = 0 AND regexp_matches(raw, 'sshd.*Accepted (password|publickey|keyboard)') THEN [
                'logon', coalesce(host, ''), regexp_extract(raw, ' from ([0-9a-fA-F.:]+)', 1),
                strftime(time_bucket(INTERVAL 10 MINUTE, time), '%Y-%m-%dT%H:%M:%SZ'),
                lower(regexp_extract(raw, ' for (\S{1,64}) from', 1))
            ]
            WHEN api_operation IN ('FileDownloaded', 'FileSyncDownloadedFull') THEN [
                'downloaded files', coalesce(cloud_account, ''), lower(coalesce(actor_user, '')),
                strftime(time_bucket(INTERVAL 1 HOUR, time), '%Y-%m-%dT%H:%M:%SZ'), api_operation
            ]
            WHEN class_uid = 1001 AND activity_id IN (1, 3, 4, 5) AND original_id IN ('11', '23', '26')
                AND actor_path IS NOT NULL AND regexp_matches(file_path, '(?i)\\(users|shares?|data|inetpub)\\')
                AND NOT regexp_matches(file_path, '(?i)\\appdata\\') THEN [
                'changed files', coalesce(host, ''), lower(actor_path),
                strftime(time_bucket(INTERVAL 10 MINUTE, time), '%Y-%m-%dT%H:%M:%SZ'),
                coalesce(actor_pid::VARCHAR, '')
            ]
        END AS key
    FROM (
        SELECT * REPLACE (
            CASE WHEN class_uid NOT BETWEEN 4001 AND 4999 AND mapper <> 'auditd' THEN api_operation
            END AS api_operation
        )
        FROM events
    )
    WHERE time IS NOT NULL
)
WHERE key IS NOT NULL
ORDER BY event_uid;
