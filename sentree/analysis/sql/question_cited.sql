SELECT event_uid, time, host, class_uid, mapper, provider, original_id, device_host, device_ip,
       actor_user, target_user, status_id, logon_type_id, process_path, process_cmd, parent_path,
       actor_path, src_ip, src_host, dst_ip, dst_host, dst_port::VARCHAR AS dst_port, file_path,
       reg_key, reg_value, url, dns_query, service_name, share_name, job_name, api_operation,
       left(event, 65536) AS event, left(raw, 65536) AS raw
FROM events
WHERE list_contains($uids::VARCHAR[], event_uid)
ORDER BY time, event_uid
