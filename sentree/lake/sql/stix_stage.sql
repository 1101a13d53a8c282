-- Reads STIX objects that are as the standard has them; the others come without a record_uid.
-- `raw` columns hold values as JSON; `{texts}` are those that are texts.
WITH read AS (
    SELECT place, line, text,
        unnest(CASE WHEN json_valid(text) THEN from_json(text, {structure}) END)
    FROM given
),
named AS (
    SELECT place, line, text, {raws}, {texts}
    FROM read
),
judged AS (
    SELECT *,
        coalesce(modified, created) AS version_time,
        coalesce(
            {is_known} AND type <> 'bundle' AND starts_with(id, type || '--')
            AND regexp_full_match(
                id, '[A-Za-z0-9][A-Za-z0-9_-]{0,249}--[0-9A-Za-z][0-9A-Za-z_-]{0,139}'
            )
            AND (raw_name IS NULL OR name IS NOT NULL)
            AND CASE type
                WHEN 'relationship' THEN relationship_type <> '' AND source_ref <> ''
                    AND target_ref <> ''
                WHEN 'sighting' THEN sighting_of_ref <> ''
                WHEN 'indicator' THEN pattern <> ''
                ELSE true
            END
            AND {has_times} AND {has_refs}
            -- The standard knows no null; what it would mean is decided in one place.
            AND NOT (contains(text, 'null') AND regexp_matches(text, ':\s*null')),
            false
        ) AS is_usual
    FROM named
),
content AS (
    SELECT *,
        -- Objects without a time are told apart by their content: here by that of flat ones only,
        -- in the form that Python writes.
        CASE WHEN is_usual AND version_time IS NULL
            AND regexp_full_match(text, '[ -\[\]-~\s]*')
        THEN list_sort(map_entries(from_json(text, '"MAP(VARCHAR, JSON)"'))) END AS entries
    FROM judged
)
SELECT place, line AS source_line, text AS object,
    CASE WHEN NOT is_usual THEN NULL
        WHEN version_time IS NULL THEN CASE WHEN list_bool_and(list_transform(
            entries,
            lambda one: regexp_full_match(
                one.value,
                '"[^"]*"|true|false|0|-?[1-9]\d{0,14}|\[("[^"]*"(,"[^"]*")*)?\]'
            )
        )) THEN id || '@' || sha256('{' || array_to_string(list_transform(
            entries,
            lambda one: '"' || one.key || '": ' || CASE WHEN starts_with(one.value, '[')
                THEN replace(one.value, '","', '", "') ELSE one.value END
        ), ', ') || '}')[:32] END
        WHEN contains(version_time, '.')
            THEN id || '@' || rtrim(rtrim(version_time[:-2], '0'), '.')
        ELSE id || '@' || version_time[:-2]
    END AS record_uid,
    id AS object_uid, type,
    CAST(try_cast(created AS TIMESTAMPTZ) AS TIMESTAMP) AS created,
    CAST(try_cast(modified AS TIMESTAMPTZ) AS TIMESTAMP) AS modified,
    name, relationship_type, source_ref, target_ref, pattern, pattern_type,
    CAST(try_cast(valid_from AS TIMESTAMPTZ) AS TIMESTAMP) AS valid_from,
    CAST(try_cast(valid_until AS TIMESTAMPTZ) AS TIMESTAMP) AS valid_until,
    coalesce(raw_revoked = 'true', false) AS revoked,
    {deprecated} AS deprecated,
    CASE WHEN type = 'relationship' THEN CAST([] AS VARCHAR[]) ELSE {refs} END AS refs,
    coalesce(spec_version = '2.1' OR raw_extensions IS NOT NULL, false) AS is_21
FROM content
