-- Puts those of the given records into a table that it has not yet.
INSERT INTO {table} BY NAME
SELECT CAST($tenant AS VARCHAR) AS tenant_uid,
    CAST($now AS TIMESTAMP) AS loaded_at, {columns}
FROM (
    SELECT * FROM given
    QUALIFY row_number() OVER (PARTITION BY record_uid ORDER BY place) = 1
)
ANTI JOIN (SELECT record_uid FROM {table} WHERE tenant_uid = $tenant) AS known USING (record_uid)
