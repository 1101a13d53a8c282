-- The rows of one partition that a pattern, a rule or the baselines may speak of. {partition} is the
-- partition's own condition, its values bound.
SELECT
    event_uid, time, host, class_uid, activity_id, severity_id, status_id, device_host, device_ip,
    actor_user, target_user, logon_type_id, process_path, process_cmd, process_pid, process_uid,
    parent_path, parent_cmd, parent_pid, actor_path, actor_pid, src_ip, src_host, src_port, dst_ip,
    dst_host, dst_port, file_path, reg_key, reg_value, url, dns_query, service_name, share_name,
    job_name, api_operation, api_service, cloud_account, finding_uid, original_id, channel, message,
    mapper, event, raw, sensor, scope
FROM events
JOIN baseline_scopes USING (event_uid)
WHERE {partition}
ORDER BY time, event_uid
