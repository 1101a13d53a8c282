-- Puts those of the staged records into a table that it has not yet.
INSERT INTO {table} BY NAME
SELECT CAST($tenant AS VARCHAR) AS tenant_uid, CAST($now AS TIMESTAMP) AS loaded_at,
    CAST($source AS VARCHAR) AS source_uid, s.* EXCLUDE (place, is_21)
FROM {stage} AS s
SEMI JOIN (SELECT arg_min(rowid, place) AS row FROM {stage} GROUP BY record_uid) AS first
    ON first.row = s.rowid
ANTI JOIN (SELECT record_uid FROM {table} WHERE tenant_uid = $tenant) AS known USING (record_uid)
