-- What a mapper reads of the staged records of one route. It hands `seq` through untouched, so the
-- rest of the record travels in it: joining wide rows again afterwards costs more than mapping.
SELECT
    {
        'seq': seq,
        'source_uid': source_uid,
        'source_line': source_line,
        'raw': raw,
        'shape': shape,
        'notes': notes,
        'event_uid': event_uid
    } AS seq,
    source_line,
    coalesce(doc, raw) AS doc
FROM staged_records
WHERE route = $route
