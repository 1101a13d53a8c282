INSERT INTO eval_results
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now()::TIMESTAMP, ?
WHERE NOT EXISTS (SELECT 1 FROM eval_results WHERE trial_uid = ? AND experiment = ?);
