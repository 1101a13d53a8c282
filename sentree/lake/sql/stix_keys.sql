-- The keys that objects have together, once for all objects that have the same.
SELECT DISTINCT json_keys(text) AS keys
FROM given
WHERE CASE WHEN json_valid(text) THEN json_type(text) = 'OBJECT' ELSE false END
