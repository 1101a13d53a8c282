-- What any class has, as columns by their names in OCSF; the whole event as JSON.
SELECT
    epoch_ms(time) AS time,
    time AS time_dt,
    class_uid,
    category_uid,
    activity_id,
    type_uid,
    severity_id,
    status_id,
    message,
    {
        'uid': event_uid,
        'version': schema_version,
        'event_code': original_id,
        'log_name': channel,
        'log_provider': provider,
        'tenant_uid': tenant_uid
    } AS metadata,
    {'account': {'uid': cloud_account}} AS cloud,
    {'hostname': device_host, 'ip': device_ip} AS device,
    {'user': {'name': actor_user}} AS actor,
    {'ip': src_ip, 'hostname': src_host, 'port': src_port} AS src_endpoint,
    {'ip': dst_ip, 'hostname': dst_host, 'port': dst_port} AS dst_endpoint,
    event,
    raw AS raw_data
FROM ({scope})
WHERE account = $account
    AND class_uid = $class
    AND time >= CAST($first AS TIMESTAMP)
    AND time < CAST($first AS TIMESTAMP) + INTERVAL 1 DAY
ORDER BY time, event_uid
