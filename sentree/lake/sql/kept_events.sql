SELECT seq, time,
  CASE WHEN repaired THEN
    CAST(json_merge_patch(kept, json_object('time', epoch_ms(time))) AS VARCHAR) ELSE kept END AS event,
  list_filter([
    CASE WHEN NOT is_object THEN 'not_an_object' END,
    CASE WHEN is_object AND kept <> minified THEN 'nulls_dropped' END,
    CASE WHEN class_uid IS NULL THEN 'missing_class_uid'
         WHEN NOT list_contains([{known}], class_uid) THEN 'unknown_class_uid' END,
    CASE WHEN activity_id IS NULL THEN 'missing_activity_id' END,
    CASE WHEN v[2] IS NULL THEN 'missing_category_uid'
         WHEN TRY_CAST(v[2] AS BIGINT) <> class_uid % 100000 // 1000 THEN 'category_uid_mismatch' END,
    CASE WHEN v[4] IS NULL THEN 'missing_type_uid'
         WHEN TRY_CAST(v[4] AS BIGINT) <> CAST(class_uid AS HUGEINT) * 100 + activity_id
         THEN 'type_uid_mismatch' END,
    CASE WHEN v[5] IS NULL THEN 'missing_severity_id' END,
    CASE WHEN v[7] IS NULL THEN 'missing_metadata_version' END,
    CASE WHEN v[8] IS NULL THEN 'missing_metadata_product' END,
    CASE WHEN given IS NULL THEN 'no_time'
         WHEN found IS NULL THEN 'time_unreadable'
         WHEN time IS NULL THEN 'time_out_of_range'
         WHEN NOT in_millis THEN 'time_not_millis' END
  ], lambda each: each IS NOT NULL) AS issues
FROM (
  SELECT *, time IS NOT NULL AND NOT in_millis AS repaired
  FROM (
    SELECT *,
      CASE WHEN found >= {earliest} AND found < {latest} THEN found END AS time,
      regexp_full_match(coalesce(token, ''), '\d{{12,13}}|0') AS in_millis
    FROM (
      SELECT *, coalesce({epoch}, {iso}) AS found,
        CASE WHEN is_object THEN coalesce(nullif({without_nulls}, ''), '{{}}') ELSE '{{}}' END AS kept
      FROM (
        SELECT seq, minified, v,
          starts_with(minified, '{{') AS is_object,
          TRY_CAST(v[1] AS BIGINT) AS class_uid,
          TRY_CAST(v[3] AS BIGINT) AS activity_id,
          nullif(v[6], '') AS given,
          CAST(json_extract(minified, '$.time') AS VARCHAR) AS token
        FROM (
          SELECT seq, CAST(json(doc) AS VARCHAR) AS minified,
            json_extract_string(doc, [
              '$.class_uid', '$.category_uid', '$.activity_id', '$.type_uid', '$.severity_id',
              '$.time', '$.metadata.version', '$.metadata.product'
            ]) AS v
          FROM {relation}
        )
      )
    )
  )
)
