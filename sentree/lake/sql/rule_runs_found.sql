-- Whether rules ran over these events already.
SELECT 1
FROM lake.rule_runs
WHERE tenant_uid = ? AND rules_sha256 = ? AND window_start = ? AND window_end = ?
    AND events = ? AND loaded_until = ?
LIMIT 1
