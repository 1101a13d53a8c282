-- Pairs of records in which two clocks tell of the same thing, each unambiguous on its clock.
-- ? pairs of each two clocks that are given, chosen by the hash that an event's uid is.
WITH told AS (
    -- One connection: source and destination with their ports.
    SELECT
        event_uid, time, 'connection' AS kind,
        CASE WHEN mapper LIKE 'zeek%' THEN 'network sensor' ELSE host END AS clock,
        concat_ws('|', replace(src_ip, '::ffff:', ''), src_port, replace(dst_ip, '::ffff:', ''), dst_port)
            AS thing,
        coalesce(original_id, channel) AS source, raw
    FROM events
    WHERE time IS NOT NULL AND src_port IS NOT NULL AND dst_port IS NOT NULL
        AND src_ip IS NOT NULL AND dst_ip IS NOT NULL
        AND (mapper LIKE 'zeek%' AND lower(channel) = 'conn'
            OR mapper LIKE 'windows%' AND original_id IN ('3', '5156') AND host IS NOT NULL)
    UNION ALL
    -- One request of a service ticket: the asking address and port.
    SELECT
        event_uid, time, 'ticket request',
        CASE WHEN mapper LIKE 'zeek%' THEN 'network sensor' ELSE host END,
        concat_ws('|', replace(src_ip, '::ffff:', ''), src_port),
        'ticket', raw
    FROM events
    WHERE time IS NOT NULL AND src_port IS NOT NULL AND src_ip IS NOT NULL
        AND (mapper LIKE 'zeek%' AND lower(channel) = 'kerberos'
            OR mapper LIKE 'windows%' AND original_id = '4769' AND host IS NOT NULL)
    UNION ALL
    -- One Kerberos logon: the GUID that its ticket, its use and its target share.
    SELECT
        event_uid, time, 'logon', host,
        lower(regexp_extract(raw, CASE original_id
            WHEN '4648' THEN 'TargetLogonGuid\W{1,8}([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})'
            ELSE 'LogonGuid\W{1,8}([0-9a-fA-F]{8}-[0-9a-fA-F-]{27})' END, 1)),
        original_id, ''
    FROM events
    WHERE time IS NOT NULL AND host IS NOT NULL AND mapper LIKE 'windows%'
        AND original_id IN ('4624', '4648', '4769')
),
single AS (
    SELECT
        * EXCLUDE (raw),
        -- What a sensor says in UTC of the thing itself is nearer to it than when it was logged.
        TRY_CAST(regexp_extract(raw, 'UtcTime\W{1,6}(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+)', 1) AS TIMESTAMP)
            AS utc
    FROM told
    WHERE thing <> '' AND NOT starts_with(thing, '00000000-0000-0000')
    QUALIFY count(*) OVER (PARTITION BY kind, clock, source, thing) = 1
        AND row_number() OVER (PARTITION BY kind, clock, thing ORDER BY source) = 1
)
SELECT
    one.clock AS one, other.clock AS other, one.kind,
    one.time AS one_time, one.utc AS one_utc, one.event_uid AS one_uid,
    other.time AS other_time, other.utc AS other_utc, other.event_uid AS other_uid
FROM single AS one
JOIN single AS other
    ON one.kind = other.kind AND one.thing = other.thing AND one.clock < other.clock
QUALIFY row_number() OVER (PARTITION BY one.clock, other.clock ORDER BY one_uid, other_uid) <= ?
ORDER BY one, other, one_uid, other_uid
