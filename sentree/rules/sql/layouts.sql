-- What tells events apart, once each: far fewer rows than events.
CREATE OR REPLACE TEMP TABLE sigma_layouts AS
SELECT DISTINCT
    mapper, class_uid, activity_id, original_id, channel_key, provider_key, os, is_text,
    category_key, keys, names
FROM sigma_chunk;
