-- A text as a number, decimal or hexadecimal as Windows writes masks; NULL where it is none. A bare
-- cast would take 'nan', '1_000' and the like.
CREATE OR REPLACE TEMP MACRO sigma_number(x) AS
    CASE WHEN regexp_full_match(x, '\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*')
    THEN TRY_CAST(x AS DOUBLE)
    WHEN regexp_full_match(x, '0[xX][0-9a-fA-F]{1,13}')
    THEN CAST(TRY_CAST(lower(x) AS BIGINT) AS DOUBLE) END;

-- A text as an instant of UTC: with or without a zone (then it is UTC), or a count since 1970 in
-- seconds, milliseconds, microseconds or nanoseconds, or Windows' count of 100 nanoseconds since
-- 1601, told apart by its length.
CREATE OR REPLACE TEMP MACRO sigma_instant(x) AS
    CASE WHEN regexp_full_match(x, '\d{9,11}(\.\d+)?')
    THEN TRY(make_timestamp(CAST(TRY_CAST(x AS DOUBLE) * 1000000 AS BIGINT)))
    WHEN regexp_full_match(x, '\d{12,14}') THEN TRY(make_timestamp(TRY_CAST(x AS BIGINT) * 1000))
    WHEN regexp_full_match(x, '\d{15,17}') THEN TRY(make_timestamp(TRY_CAST(x AS BIGINT)))
    WHEN regexp_full_match(x, '\d{18}')
    THEN TRY(make_timestamp(TRY_CAST(x AS BIGINT) // 10 - 11644473600000000))
    WHEN regexp_full_match(x, '\d{19}') THEN TRY(make_timestamp(TRY_CAST(x AS BIGINT) // 1000))
    ELSE CAST(TRY_CAST(x AS TIMESTAMPTZ) AS TIMESTAMP) END;

-- As `sigma_number` does, look past blanks and line ends around the text.
CREATE OR REPLACE TEMP MACRO sigma_time(x) AS
    sigma_instant(trim(x, ' ' || chr(9) || chr(10) || chr(13)));

CREATE OR REPLACE TEMP MACRO sigma_ipv4(octets) AS
    CASE WHEN len(octets) = 4
        AND list_max(list_transform(octets, lambda o: TRY_CAST(o AS INTEGER))) <= 255
    THEN '4:' || array_to_string(
        list_transform(octets, lambda o: printf('%02x', TRY_CAST(o AS INTEGER))), '') END;

CREATE OR REPLACE TEMP MACRO sigma_ipv6(halves, head, tail) AS
    CASE WHEN (len(halves) = 1 AND len(head) = 8)
        OR (len(halves) = 2 AND len(head) + len(tail) < 8)
    THEN '6:' || array_to_string(list_transform(head, lambda g: lpad(g, 4, '0')), '')
        || repeat('0000', 8 - len(head) - len(tail))
        || array_to_string(list_transform(tail, lambda g: lpad(g, 4, '0')), '') END;

CREATE OR REPLACE TEMP MACRO sigma_groups(half) AS
    list_filter(string_split(coalesce(half, ''), ':'), lambda g: g <> '');

-- An address as a key that sorts as addresses of its family do; an IPv4 address that is mapped
-- into IPv6 is that IPv4 address. NULL where the text is no address.
CREATE OR REPLACE TEMP MACRO sigma_address(x) AS
    CASE WHEN regexp_full_match(x, '(?i)(::ffff:)?\d{1,3}(\.\d{1,3}){3}')
    THEN sigma_ipv4(string_split(regexp_replace(x, '(?i)^::ffff:', ''), '.'))
    WHEN regexp_full_match(x, '(?i)[0-9a-f:]*:[0-9a-f:]*(%.*)?')
        AND NOT regexp_matches(x, '(?i):::|[0-9a-f]{5}|^:[^:]|[^:]:(%|$)')
    THEN regexp_replace(
        sigma_ipv6(
            string_split(lower(string_split(x, '%')[1]), '::'),
            sigma_groups(string_split(lower(string_split(x, '%')[1]), '::')[1]),
            sigma_groups(string_split(lower(string_split(x, '%')[1]), '::')[2])),
        '^6:0{20}ffff', '4:') END;

-- The whole record as people would read it: JSON's escapes are undone, character by character.
-- A JSON text can't hold the character 1 itself, so it may stand for the backslash meanwhile.
CREATE OR REPLACE TEMP MACRO sigma_record(raw) AS
    CASE WHEN json_valid(raw) THEN
        replace(replace(replace(replace(replace(replace(
            CAST(json(raw) AS VARCHAR), '\\', chr(1)), '\"', '"'), '\n', chr(10)),
            '\r', chr(13)), '\t', chr(9)), chr(1), '\')
    ELSE raw END;

-- A list's own text and each of its values; a text that is no list is its only value.
CREATE OR REPLACE TEMP MACRO sigma_values(x) AS
    CASE WHEN starts_with(x, '[')
    THEN list_prepend(x, coalesce(TRY(from_json(x, '["VARCHAR"]')), []))
    ELSE [x] END;

-- A line's pairs key=value, as devices and auditd write them, as JSON; NULL where there are fewer
-- than four, so that prose and addresses are not taken for records. Of a key twice the first counts.
CREATE OR REPLACE TEMP MACRO sigma_first_pairs(names, texts) AS
    CAST(to_json(map(list_distinct(names), list_transform(list_distinct(names),
        lambda name: trim(texts[list_position(names, name)], '"''')))) AS VARCHAR);

CREATE OR REPLACE TEMP MACRO sigma_pairs(line) AS
    CASE WHEN regexp_matches(line, '(?:(?:^|[\s,(<>])[A-Za-z_][\w.-]*=.*){4}')
    THEN sigma_first_pairs(
        regexp_extract_all(
            line, '(?:^|[\s,(<>])([A-Za-z_][\w.-]*)=("[^"]*"|''[^'']*''|[^\s,]*)', 1),
        regexp_extract_all(
            line, '(?:^|[\s,(<>])([A-Za-z_][\w.-]*)=("[^"]*"|''[^'']*''|[^\s,]*)', 2))
    END;

-- What an event names itself, by letters and digits alone: its mapper, channel, provider, product,
-- vendor and program, and what a record that no mapper knows calls its source.
CREATE OR REPLACE TEMP MACRO sigma_names(mapper, channel, provider, event, raw) AS
    list_transform(
        list_concat(
            [mapper, channel, provider],
            json_extract_string(event, [
                '/metadata/product/name', '/metadata/product/vendor_name', '/metadata/log_name',
                '/metadata/log_provider', '/actor/app_name', '/app/name']),
            CASE WHEN mapper = 'base' AND starts_with(ltrim(raw), '{') THEN
                TRY(json_extract_string(raw, [
                    '/product', '/vendor', '/event/module', '/event/dataset', '/service/name',
                    '/service', '/app', '/application', '/program', '/logger', '/source',
                    '/sourcetype', '/eventid'])) END),
        lambda name: regexp_replace(lower(name), '[^a-z0-9]', '', 'g'));

-- Whether one of the names is the word, or has a word of four letters or more in it.
CREATE OR REPLACE TEMP MACRO sigma_is_named(names, word) AS
    len(list_filter(names, lambda name:
        name = word OR (length(word) > 3 AND contains(name, word)))) > 0;
