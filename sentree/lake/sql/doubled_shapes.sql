-- The shapes of staged records in which a key stands twice. One record of a shape is looked at.
SELECT shape
FROM (
    SELECT json_keys(coalesce(any_value(doc), any_value(raw))) AS keys, shape
    FROM staged_records
    WHERE shape IS NOT NULL
    GROUP BY shape
)
WHERE len(keys) > list_unique(keys)
