-- One chunk of events with what the log sources are told apart by. `inner_doc` is the producer's
-- own record where an OCSF event carries it, or the pairs key=value of a line of text; `keys` are the names in each known container.
CREATE OR REPLACE TEMP TABLE sigma_chunk AS
SELECT
    *,
    CASE
        WHEN starts_with(ltrim(coalesce(inner_doc, raw)), '{')
        THEN TRY(json_keys(coalesce(inner_doc, raw), $containers))
    END AS keys
FROM (
    SELECT
        event_uid, time, mapper, class_uid, activity_id, original_id, channel, provider,
        device_host, raw, event,
        lower(channel) AS channel_key,
        lower(provider) AS provider_key,
        regexp_matches(raw, '^\s*[^\s{\[]') AS is_text,
        CASE WHEN mapper = 'ocsf' THEN
            CASE
                WHEN starts_with(json_extract_string(event, '/raw_data'), '{')
                    AND json_valid(json_extract_string(event, '/raw_data'))
                THEN json_extract_string(event, '/raw_data')
                WHEN starts_with(TRY(json_extract_string(raw, '/raw')), '{')
                THEN json_extract_string(raw, '/raw')
                ELSE coalesce(CAST(json_extract(event, '/unmapped') AS VARCHAR), '{}')
            END
        WHEN regexp_matches(raw, '^\s*[^\s{\[]') THEN sigma_pairs(raw)
        END AS inner_doc,
        CASE
            WHEN mapper = 'base' THEN lower(TRY(json_extract_string(raw, '/category')))
        END AS category_key,
        CASE
            WHEN len(CAST($words AS VARCHAR[])) > 0 THEN list_filter(
                CAST($words AS VARCHAR[]),
                lambda word: sigma_is_named(sigma_names(mapper, channel, provider, event, raw), word)
            )
        END AS names,
        CASE
            WHEN mapper = 'windows' THEN 'windows'
            WHEN mapper NOT IN ('zeek', 'cloudtrail', 'base')
            THEN CASE json_extract_string(event, '/device/os/type_id')
                WHEN '100' THEN 'windows' WHEN '200' THEN 'linux' WHEN '300' THEN 'macos'
                ELSE lower(coalesce(
                    json_extract_string(event, '/device/os/type'),
                    json_extract_string(event, '/device/os/name'),
                    -- Where it is not named, the paths of its files tell.
                    CASE
                        WHEN regexp_matches(event, '"path":"(?:[A-Za-z]:)?\\\\') THEN 'windows'
                        WHEN contains(event, '"path":"/') THEN 'linux or macos'
                    END))
            END
        END AS os
    FROM {relation}
    WHERE {scope}
);
