-- Every value of the slice that may be an indicator, with its kind told by where it stands and how
-- it looks. `value` is the text as it stands there, `key` what it is compared by.
CREATE OR REPLACE TEMP TABLE slice_values AS
WITH strings AS (
    SELECT
        e.event_uid, e.time, e.entity, e.class_uid, e.activity_id, e.api_operation, e.imports,
        lower(regexp_replace(j.fullkey, '\[\d+\]', '', 'g'))[3:] AS path,
        trim(j.value ->> '$') AS value
    FROM slice_events AS e, json_tree(e.event) AS j
    WHERE j.type = 'VARCHAR'
),
kept AS (
    SELECT * FROM strings
    WHERE value <> '' AND NOT regexp_matches(path, '^(metadata|enrichments)\b|version$|^device\.os\.')
),
whole AS (
    SELECT
        event_uid, time, entity, path,
        CASE
            WHEN regexp_matches(path, '(^|[._])user_?agent$|user_agent\.original$') THEN 'user_agent'
            WHEN length(value) <= 45 AND regexp_full_match(value, '(?i)(::ffff:)?\d{1,3}(\.\d{1,3}){3}|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}')
                THEN 'ip'
            WHEN length(value) <= 2048 AND regexp_full_match(value, '(?i)[a-z][a-z0-9+.-]{1,12}://[^\s]+')
                THEN 'url'
            WHEN regexp_full_match(value, '(AKIA|ASIA)[A-Z0-9]{12,20}') OR path LIKE '%credential_uid'
                THEN 'key'
            WHEN length(value) IN (32, 40, 64, 128) AND regexp_full_match(value, '(?i)[0-9a-f]+')
                AND NOT coalesce(list_contains(imports, value), false)
                AND regexp_matches(path, 'hash|md5|sha_?\d|fingerprint|ja3|ja4|^observables\.value')
                THEN 'hash'
            WHEN contains(value, '@') AND length(value) <= 254
                AND regexp_matches(path, '^email\.(from|smtp_from|reply_to|return_path|sender|x_originating)|(sender|from)(_address|_mailbox)?$|^observables\.value')
                AND regexp_full_match(value, '[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+')
                THEN 'email'
            WHEN (class_uid = 3001 AND activity_id = 1 AND path = 'user.name'
                AND coalesce(api_operation, 'CreateUser') = 'CreateUser')
                OR (api_operation = 'CreateUser' AND path = 'api.request.data.username')
                THEN 'account'
            WHEN length(value) <= 253
                AND regexp_matches(path, '(^|\.)(query\.hostname|query\.name|url\.(hostname|domain)|(dst_endpoint|proxy_endpoint|src_endpoint)\.(hostname|domain|name)|sni|server_name|answers\.rdata|rdata|fqdn|dest_?host|dest_?domain|domain_name)$|^observables\.value|^unmapped\..*(domain|host|query|sni)$')
                AND regexp_full_match(value, '(?i)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,24}\.?')
                THEN 'domain'
            WHEN regexp_matches(path, '(^|\.)(file|module\.file)\.(path|name)$|(^|\.)process\.name$|^email.*file\.name$')
                THEN 'file'
            WHEN path IN ('win_service.name', 'service.name') AND class_uid BETWEEN 1000 AND 1999 THEN 'service'
            WHEN path = 'job.name' THEN 'task'
            WHEN path = 'reg_value.name' THEN 'registry'
        END AS kind,
        value
    FROM kept
),
in_texts AS (
    SELECT event_uid, time, entity, path, unnest(regexp_extract_all(
        value, '(?i)\b(?:https?|ftp)://[^\s"''<>|`)\]}]{3,400}')) AS value, 'url' AS kind
    FROM kept
    WHERE length(value) > 8 AND contains(value, '://')
        AND NOT regexp_full_match(value, '(?i)[a-z][a-z0-9+.-]{1,12}://[^\s]+')
    UNION ALL
    SELECT event_uid, time, entity, path, unnest(regexp_extract_all(
        value, '(?:^|[\s"''=(@\\/,:])((?:\d{1,3}\.){3}\d{1,3})(?:$|[\s"'')\\/:,;])', 1)) AS value, 'ip' AS kind
    FROM kept
    WHERE length(value) > 15 AND regexp_matches(path, 'cmd_line$|script_content|message$|raw_data$|^unmapped')
        AND regexp_matches(value, '(\d{1,3}\.){3}\d{1,3}')
),
named AS (
    SELECT event_uid, time, entity, path, kind, value FROM whole WHERE kind IS NOT NULL
    UNION ALL
    SELECT event_uid, time, entity, path, kind, value FROM in_texts
),
parted AS (
    SELECT * FROM named
    UNION ALL
    SELECT
        event_uid, time, entity, path,
        CASE WHEN regexp_full_match(server, '\d{1,3}(\.\d{1,3}){3}') THEN 'ip' ELSE 'domain' END AS kind,
        server AS value
    FROM (
        SELECT *, regexp_extract(value, '^[A-Za-z0-9+.-]+://(?:[^/@\s]*@)?([^/:?#\s]+)', 1) AS server
        FROM named WHERE kind = 'url'
    )
    WHERE regexp_full_match(server, '(?i)([a-z0-9_-]+\.)+[a-z0-9-]{2,25}')
    UNION ALL
    SELECT event_uid, time, entity, path, 'domain' AS kind, split_part(value, '@', 2) AS value
    FROM named WHERE kind = 'email'
)
SELECT
    parted.event_uid, time, entity, path, kind,
    CASE kind
        WHEN 'file' THEN regexp_extract(value, '[^\\/]+$')
        WHEN 'ip' THEN regexp_replace(lower(value), '^::ffff:', '')
        WHEN 'domain' THEN rtrim(value, '.')
        WHEN 'task' THEN ltrim(value, '\')
        ELSE value
    END AS value,
    lower(CASE kind
        WHEN 'file' THEN regexp_extract(value, '[^\\/]+$')
        WHEN 'ip' THEN regexp_replace(lower(value), '^::ffff:', '')
        WHEN 'domain' THEN rtrim(value, '.')
        WHEN 'task' THEN ltrim(value, '\')
        ELSE value
    END) AS key,
    CASE kind
        WHEN 'file' THEN lower(regexp_replace(value, '[^\\/]+$', ''))
        WHEN 'hash' THEN lower(hashed.whole)
    END AS folder
FROM parted
LEFT JOIN (
    SELECT event_uid, regexp_replace(path, '\.(path|name)$', '') AS stem, arg_max(value, (length(value), value)) AS whole
    FROM kept
    WHERE regexp_matches(path, 'file\.(path|name)$')
    GROUP BY ALL
) AS hashed
    ON parted.kind = 'hash' AND hashed.event_uid = parted.event_uid
    AND hashed.stem = regexp_replace(parted.path, '\.hashes\.value$', '')
