-- The tenant that a record names itself. A text that is no JSON names none.
coalesce(
    nullif(list_extract(list_filter(
        json_extract_string(event, [
            '$.metadata.tenant_uid', '$.tenant_uid', '$.unmapped.tenant_uid',
            '$.unmapped.metadata.tenant_uid', '$.unmapped.tenant_id', '$.unmapped.tenant'
        ]),
        lambda each: each IS NOT NULL
    ), 1), ''),
    CASE WHEN starts_with(ltrim(raw), '{') AND json_valid(raw)
        THEN nullif(list_extract(list_filter(
            json_extract_string(raw, ['$.tenant_uid', '$.tenant_id', '$.tenant']),
            lambda each: each IS NOT NULL
        ), 1), '')
    END
)
