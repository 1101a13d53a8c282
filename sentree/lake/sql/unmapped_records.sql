SELECT seq, source_line, coalesce(doc, raw) AS doc
FROM staged_records
WHERE route = $route AND seq >= $first
