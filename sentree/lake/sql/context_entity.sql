-- Whether an event names the entity: an address, a user, or a host by its short or its full name.
-- $short is NULL for what is no host name.
(
    list_contains(list_transform([host, device_ip, src_ip, dst_ip], lambda each: lower(each)), $entity)
    OR len(list_filter(
        [device_host, src_host, dst_host],
        lambda each: lower(each) = $entity
            OR (
                split_part(lower(each), '.', 1) = $short
                AND NOT regexp_full_match(each, '[0-9.]+|.*:.*')
                AND (NOT contains(each, '.') OR $entity = $short)
            )
    )) > 0
    OR len(list_filter(
        [actor_user, target_user],
        lambda each: lower(each) = $entity
            OR regexp_replace(lower(each), '^.*\\|@.*$', '') = $entity
            OR lower(each) = regexp_replace($entity, '^.*\\|@.*$', '')
    )) > 0
)
