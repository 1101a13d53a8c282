-- Framed records with their route (a mapper, or what has to be done to them first), the JSON a
-- mapper reads, and their uid. The places in braces are compiled from the mappers' shapes and
-- layouts. Every function on `json` reads the text anew, so there are as few of them as can be.
-- `entry` is the text in which a header and a message are looked for: a text record, or what a
-- JSON envelope (journald, Docker, Beats) holds. `doc` of a text that a layout takes is the
-- message, and `head` the JSON of its header; documents are made of them when they are mapped.
-- `arm` is the shape of its mapper by which a record of JSON was told.
{objects},
enveloped AS (
    SELECT *, {envelope} AS envelope FROM told
),
lined AS (
    SELECT
        *,
        CASE
            WHEN json IS NULL THEN text
            ELSE envelope.entry
        END AS entry
    FROM enveloped
),
hasty AS (
    SELECT *, {fast} AS fast FROM lined
),
slow AS (
    SELECT *, {header} AS slow FROM hasty
),
headed AS (
    SELECT * EXCLUDE (fast, slow), {unified} AS h FROM slow
),
measured AS (
    SELECT *, coalesce({header_length}, 0) AS size FROM headed
),
cut AS (
    SELECT *, CASE WHEN size > 0 THEN ltrim(entry[size + 1:]) ELSE entry END AS rest FROM measured
),
counted AS (
    SELECT
        *,
        CASE
            WHEN size > 0 AND starts_with(rest, 'message repeated ')
                THEN regexp_extract(rest, '^message repeated (\d{1,9}) times: \[ ?(.*)\]$', ['times', 'body'])
        END AS repeated
    FROM cut
),
bodied AS (
    SELECT
        *,
        CASE WHEN repeated.body <> '' THEN repeated.body ELSE rest END AS body,
        lower(
            CASE
                WHEN size > 0 AND h.app NOT IN ('', '-') THEN h.app
                WHEN size > 0 AND h.lone_app <> '' THEN h.lone_app
                ELSE envelope.app
            END
        ) AS app
    FROM counted
),
opened AS (
    SELECT
        *,
        CASE
            WHEN size > 0 AND regexp_matches(body, '^(?:@cee: ?)?\{')
                THEN CASE WHEN json_valid(body[strpos(body, '{'):]) THEN CAST(json(body[strpos(body, '{'):]) AS VARCHAR) END
        END AS inner_json,
        CASE WHEN size > 0 THEN {dated} END AS dated
    FROM bodied
),
stamped AS (
    SELECT
        *,
        CASE WHEN size > 0 OR envelope IS NOT NULL THEN {header_json} ELSE '{}' END AS head
    FROM opened
),
joined AS (
    SELECT
        * EXCLUDE (json, keys, type),
        CASE WHEN json IS NOT NULL THEN 'record' ELSE 'text' END AS kind,
        json AS own_json,
        type AS own_type,
        CASE
            WHEN inner_json IS NOT NULL
                THEN concat('{"syslog":', head, CASE WHEN inner_json <> '{}' THEN ',' END, inner_json[2:])
            ELSE json
        END AS json,
        CASE
            WHEN inner_json IS NOT NULL THEN list_append(json_keys(inner_json), 'syslog')
            ELSE keys
        END AS keys,
        CASE WHEN inner_json IS NOT NULL THEN 'OBJECT' ELSE type END AS type
    FROM stamped
),
laid AS (
    SELECT *, CASE WHEN body IS NOT NULL AND inner_json IS NULL THEN {layout} END AS laid FROM joined
),
told_apart AS (
    SELECT *, {route} AS found FROM laid
),
routed AS (
    SELECT
        *,
        split_part(found, '#', 1) AS route,
        TRY_CAST(nullif(split_part(found, '#', 2), '') AS TINYINT) AS arm
    FROM told_apart
)
SELECT
    seq,
    $source AS source_uid,
    line AS source_line,
    route,
    text AS raw,
    CASE
        WHEN route = laid THEN body
        WHEN inner_json IS NOT NULL THEN json
        WHEN own_type = 'OBJECT' THEN doc
        ELSE CAST(to_json(text) AS VARCHAR)
    END AS doc,
    CASE WHEN route = laid THEN head END AS head,
    CASE WHEN route = laid THEN header END AS header,
    arm,
    CASE WHEN type = 'OBJECT' AND route IS DISTINCT FROM laid THEN hash(keys) END AS shape,
    list_filter(
        [
            note,
            CASE WHEN $forced AND route = 'base' THEN 'other_format' END,
            CASE WHEN route = laid AND dated IS NOT NULL THEN 'year_inferred' END
        ],
        lambda issue: issue IS NOT NULL
    ) AS notes,
    {event_uid} AS event_uid
FROM routed
