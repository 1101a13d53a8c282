-- Least and greatest text of each column: those of the files that there are. Where no file tells, the
-- bounds are those of any text: nobody may conclude that a value is not there.
UPDATE {metadata}.ducklake_table_column_stats AS t
SET
    min_value = f.least,
    max_value = f.greatest
FROM (
    SELECT
        c.table_id,
        c.column_id,
        CASE WHEN coalesce(any_value(s.is_told), false) THEN any_value(s.least) ELSE '' END AS least,
        CASE
            WHEN coalesce(any_value(s.is_told), false) THEN any_value(s.greatest)
            ELSE chr(1114111)
        END AS greatest
    FROM {metadata}.ducklake_column AS c
    LEFT JOIN (
        SELECT
            i.table_id,
            i.column_id,
            bool_and(i.min_value IS NOT NULL OR i.value_count = i.null_count)
                AND count(i.min_value) > 0 AS is_told,
            min(i.min_value) AS least,
            max(i.max_value) AS greatest
        FROM {metadata}.ducklake_file_column_stats AS i
        JOIN {metadata}.ducklake_data_file AS d USING (data_file_id)
        WHERE d.end_snapshot IS NULL
        GROUP BY ALL
    ) AS s USING (table_id, column_id)
    WHERE c.end_snapshot IS NULL AND c.column_type = 'varchar'
    GROUP BY ALL
) AS f
WHERE t.table_id = f.table_id AND t.column_id = f.column_id
