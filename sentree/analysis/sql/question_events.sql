SELECT event_uid, time, host, class_uid, mapper, provider, original_id, device_host, actor_user,
       target_user, status_id, logon_type_id, process_path, process_cmd, parent_path, actor_path,
       src_ip, src_host, dst_ip, dst_host, dst_port, file_path, reg_key, reg_value, url, dns_query,
       service_name, share_name, job_name, api_operation, left(message, 400) AS message${extra}
FROM ${relation}
WHERE ${where}
ORDER BY time ${order}, event_uid ${order}
LIMIT ${limit}
