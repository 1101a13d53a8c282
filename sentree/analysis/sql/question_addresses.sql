-- The addresses a host used.
SELECT ip FROM (${endpoints}) WHERE name = $$host ORDER BY ip LIMIT 16
