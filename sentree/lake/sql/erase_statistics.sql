-- Least and greatest text of each column: those of the files that there are. Where a file does not
-- tell, the bounds are those of any text: nobody may conclude that a value is not there.
UPDATE {metadata}.ducklake_table_column_stats AS t
SET
    min_value = CASE WHEN f.unknown THEN '' ELSE f.least END,
    max_value = CASE WHEN f.unknown THEN chr(1114111) ELSE f.greatest END
FROM (
    SELECT
        s.table_id,
        s.column_id,
        bool_or(s.min_value IS NULL AND s.value_count > s.null_count) AS unknown,
        min(s.min_value) AS least,
        max(s.max_value) AS greatest
    FROM {metadata}.ducklake_file_column_stats AS s
    JOIN {metadata}.ducklake_data_file AS d USING (data_file_id)
    WHERE d.end_snapshot IS NULL
    GROUP BY ALL
) AS f
WHERE t.table_id = f.table_id
    AND t.column_id = f.column_id
    AND t.column_id IN (
        SELECT c.column_id
        FROM {metadata}.ducklake_column AS c
        WHERE c.table_id = t.table_id AND c.end_snapshot IS NULL AND c.column_type = 'varchar'
    )
