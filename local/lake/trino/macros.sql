-- Functions of Trino that DuckDB has not, or has with another answer. Only the translator calls them.

-- The value where `ok` is not false; otherwise an error with the message. TRY() turns it into NULL: error() could not be tried.
CREATE MACRO athena_check(v, ok, message) AS
    list_extract([v], CASE WHEN ok IS NOT FALSE THEN 1 ELSE CAST('athena:' || message || ':athena' AS INTEGER) END);

-- Text
CREATE MACRO athena_substr(s, start, len) AS
    CASE WHEN start = 0 OR start > length(s) OR start < -length(s) OR len <= 0 THEN '' ELSE substring(s, start, len) END;
CREATE MACRO athena_upper(s) AS array_to_string(list_transform(string_split(s, 'ß'), lambda q: upper(q)), 'ß');
CREATE MACRO athena_reverse(s) AS coalesce(array_to_string(list_reverse(regexp_extract_all(s, '(?s).')), ''), CASE WHEN s = '' THEN '' END);
CREATE MACRO athena_split(s, d) AS athena_check(string_split(s, d), d <> '', 'The delimiter may not be the empty string');
CREATE MACRO athena_split_limit(s, d, n) AS athena_check(
    CASE WHEN len(string_split(s, d)) <= n THEN string_split(s, d)
    ELSE list_concat(list_slice(string_split(s, d), 1, n - 1),
                     [array_to_string(list_slice(string_split(s, d), n, len(string_split(s, d))), d)]) END,
    d <> '' AND n > 0, 'The delimiter may not be empty, and the limit must be positive');
CREATE MACRO athena_split_part(s, d, n) AS athena_check(
    list_extract(string_split(s, d), n), d <> '' AND n > 0, 'Index must be greater than zero');
CREATE MACRO athena_replace(s, search, other) AS athena_check(
    replace(s, search, other), search <> '', 'replace() of an empty text is not translated on this machine');
CREATE MACRO athena_codepoint(s) AS athena_check(unicode(s), length(s) = 1, 'Input string must be a single character string');
CREATE MACRO athena_lpad(s, n, p) AS athena_check(
    lpad(s, CAST(n AS INTEGER), p), n >= 0 AND p <> '', 'The size may not be negative, nor the padding empty');
CREATE MACRO athena_rpad(s, n, p) AS athena_check(
    rpad(s, CAST(n AS INTEGER), p), n >= 0 AND p <> '', 'The size may not be negative, nor the padding empty');
CREATE MACRO athena_url_decode(s) AS athena_check(
    url_decode(replace(s, '+', ' ')), regexp_full_match(s, '(?s)([^%]|%[0-9A-Fa-f]{2})*'), 'Not an encoded URL: ' || s);
CREATE MACRO athena_url_encode(s) AS replace(replace(replace(url_encode(s), '%20', '+'), '%2A', '*'), '~', '%7E');
-- The parts of a URL (RFC 3986, appendix B). NULL where it is none; a part that is absent is ''.
CREATE MACRO athena_url_part(s, n) AS CASE
    WHEN regexp_full_match(s, '[A-Za-z0-9\-._~:/?#\[\]@!$&''()*+,;=%]*') AND NOT regexp_matches(s, '%([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)')
    THEN regexp_extract(s, '^(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$', n) END;
CREATE MACRO athena_url_host(s) AS CASE WHEN athena_url_part(s, 2) <> '' OR athena_url_part(s, 1) <> '' OR s = ''
    OR athena_url_part(s, 3) <> '' THEN regexp_extract(athena_url_part(s, 2), '^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)', 1) END;
CREATE MACRO athena_url_port(s) AS TRY_CAST(nullif(regexp_extract(athena_url_part(s, 2), ':([0-9]+)$', 1), '') AS BIGINT);
CREATE MACRO athena_url_parameter(s, name) AS url_decode(replace(list_extract(list_transform(
    list_filter(string_split(nullif(athena_url_part(s, 4), ''), '&'), lambda x: url_decode(replace(split_part(x, '=', 1), '+', ' ')) = name),
    lambda x: CASE WHEN contains(x, '=') THEN substring(x, strpos(x, '=') + 1) ELSE '' END), 1), '+', ' '));

-- Numbers
CREATE MACRO athena_divide_exact(n, d) AS athena_check(
    CASE WHEN d = 0 THEN NULL ELSE ((2 * abs(n) + abs(d)) // (2 * abs(nullif(d, 0)))) * CAST(sign(n) * sign(d) AS HUGEINT) END,
    d <> 0, 'Division by zero');
CREATE MACRO athena_cbrt(x) AS CASE WHEN pow(round(cbrt(x)), 3) = x THEN round(cbrt(x)) ELSE cbrt(x) END;
CREATE MACRO athena_round(x, d) AS CASE WHEN isfinite(x) THEN round(x * pow(10e0, d)) / pow(10e0, d) ELSE x END;
CREATE MACRO athena_truncate(x, d) AS CASE WHEN isfinite(x) THEN trunc(x * pow(10e0, d)) / pow(10e0, d) ELSE x END;
-- 1.0E0, 1.5E-7: DuckDB's shortest digits in Java's notation.
CREATE MACRO athena_double_digits(x) AS ltrim(replace(regexp_replace(CAST(abs(x) AS VARCHAR), 'e.*$', ''), '.', ''), '0');
CREATE MACRO athena_double_exponent(x) AS CAST(coalesce(nullif(regexp_extract(CAST(abs(x) AS VARCHAR), 'e([+-]?[0-9]+)$', 1), ''), '0') AS INTEGER)
    + CASE WHEN regexp_matches(CAST(abs(x) AS VARCHAR), '^0\.')
        THEN -1 - length(regexp_extract(CAST(abs(x) AS VARCHAR), '^0\.(0*)', 1))
        ELSE length(regexp_extract(CAST(abs(x) AS VARCHAR), '^([0-9]+)', 1)) - 1 END;
CREATE MACRO athena_double_text(x) AS CASE WHEN x IS NULL THEN NULL WHEN isnan(x) THEN 'NaN'
    WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Infinity' ELSE '-Infinity' END
    WHEN x = 0 THEN CASE WHEN CAST(x AS VARCHAR) LIKE '-%' THEN '-0.0E0' ELSE '0.0E0' END
    ELSE CASE WHEN x < 0 THEN '-' ELSE '' END || left(athena_double_digits(x), 1) || '.'
        || coalesce(nullif(rtrim(substring(athena_double_digits(x), 2), '0'), ''), '0') || 'E' || CAST(athena_double_exponent(x) AS VARCHAR) END;

-- Casts of text: Trino reads less than DuckDB does.
CREATE MACRO athena_castable(s, pattern, name) AS
    CASE WHEN regexp_full_match(s, pattern) IS NOT FALSE THEN s ELSE 'athena:Cannot cast ''' || s || ''' to ' || name || ':athena' END;

-- Arrays and maps
CREATE MACRO athena_item(a, i) AS athena_check(list_extract(a, i), i BETWEEN 1 AND len(a),
    CASE WHEN i > len(a) THEN 'Array subscript must be less than or equal to array length: ' || i || ' > ' || len(a)
         WHEN i = 0 THEN 'SQL array indices start at 1' ELSE 'Array subscript is negative: ' || i END);
CREATE MACRO athena_element_at(a, i) AS athena_check(list_extract(a, i), i <> 0, 'SQL array indices start at 1');
CREATE MACRO athena_entry(m, k) AS athena_check(m[k], list_contains(map_keys(m), k), 'Key not present in map');
CREATE MACRO athena_contains(a, x) AS CASE WHEN x IS NULL OR a IS NULL THEN NULL WHEN list_contains(a, x) THEN true
    WHEN len(list_filter(a, lambda y: y IS NULL)) > 0 THEN NULL ELSE false END;
CREATE MACRO athena_distinct(a) AS list_transform(
    list_filter(list_zip(a, generate_series(1, len(a))), lambda p: p[2] = coalesce(list_position(a, p[1]), p[2])
        AND (p[1] IS NOT NULL OR len(list_filter(list_slice(a, 1, p[2] - 1), lambda y: y IS NULL)) = 0)), lambda p: p[1]);
CREATE MACRO athena_array_max(a) AS CASE WHEN len(list_filter(a, lambda y: y IS NULL)) > 0 THEN NULL ELSE list_max(a) END;
CREATE MACRO athena_array_min(a) AS CASE WHEN len(list_filter(a, lambda y: y IS NULL)) > 0 THEN NULL ELSE list_min(a) END;
CREATE MACRO athena_array_remove(a, x) AS CASE WHEN x IS NULL THEN NULL ELSE list_filter(a, lambda y: (y = x) IS NOT TRUE) END;
CREATE MACRO athena_overlap(a, b) AS CASE WHEN list_has_any(a, b) THEN true
    WHEN (len(list_filter(a, lambda y: y IS NULL)) > 0 AND len(b) > 0) OR (len(list_filter(b, lambda y: y IS NULL)) > 0 AND len(a) > 0) THEN NULL
    WHEN a IS NULL OR b IS NULL THEN NULL ELSE false END;
CREATE MACRO athena_slice(a, start, n) AS athena_check(
    CASE WHEN start < -len(a) THEN list_slice(a, 1, 0)
         WHEN start < 0 THEN list_slice(a, len(a) + start + 1, len(a) + start + n) ELSE list_slice(a, start, start + n - 1) END,
    start <> 0 AND n >= 0, 'SQL array indices start at 1, and a length is not negative');
CREATE MACRO athena_sequence(a, b, step) AS athena_check(generate_series(a, b, step),
    step <> 0 AND sign(b - a) IN (0, sign(step)), 'The sequence stop value must be reached from its start by the step');
CREATE MACRO athena_any(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true
    WHEN len(list_filter(l, lambda y: y IS NULL)) > 0 THEN NULL ELSE false END;
CREATE MACRO athena_all(l) AS CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false
    WHEN len(list_filter(l, lambda y: y IS NULL)) > 0 THEN NULL ELSE true END;

-- Times
CREATE MACRO athena_iso_timestamp(s) AS CAST(athena_castable(s,
    '[0-9]{4}-[0-9]{2}-[0-9]{2}(T([0-9]{2}(:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?)?)?(Z|[+-]00(:?00)?)?)?', 'timestamp (ISO 8601, UTC)') AS TIMESTAMPTZ);
CREATE MACRO athena_iso_text(t, digits) AS strftime(t, '%Y-%m-%dT%H:%M:%S') || CASE digits WHEN 0 THEN '' ELSE left(strftime(t, '.%n'), digits + 1) END;
CREATE MACRO athena_timestamp_text(t, digits) AS strftime(t, '%Y-%m-%d %H:%M:%S') || CASE digits WHEN 0 THEN '' ELSE left(strftime(t, '.%n'), digits + 1) END;
CREATE MACRO athena_interval_text(i) AS CASE WHEN i < INTERVAL 0 SECOND THEN '-' ELSE '' END
    || (abs(epoch_ms(i)) // 86400000) || ' ' || lpad(CAST(abs(epoch_ms(i)) // 3600000 % 24 AS VARCHAR), 2, '0')
    || ':' || lpad(CAST(abs(epoch_ms(i)) // 60000 % 60 AS VARCHAR), 2, '0')
    || ':' || lpad(CAST(abs(epoch_ms(i)) // 1000 % 60 AS VARCHAR), 2, '0')
    || '.' || lpad(CAST(abs(epoch_ms(i)) % 1000 AS VARCHAR), 3, '0');
CREATE MACRO athena_months(i) AS date_part('year', i) * 12 + date_part('month', i);
CREATE MACRO athena_months_text(i) AS CASE WHEN athena_months(i) < 0 THEN '-' ELSE '' END
    || (abs(athena_months(i)) // 12) || '-' || (abs(athena_months(i)) % 12);

-- JSON
CREATE MACRO athena_json_scalar(j, path) AS CASE WHEN json_valid(j) AND json_type(j, path) NOT IN ('OBJECT', 'ARRAY', 'NULL')
    THEN json_extract_string(j, path) END;
CREATE MACRO athena_json_extract(j, path) AS CASE WHEN json_valid(j) THEN json_extract(j, path) END;
CREATE MACRO athena_json_length(j) AS CASE WHEN json_valid(j) AND json_type(j) = 'ARRAY' THEN CAST(json_array_length(j) AS BIGINT) END;
