-- How people felt, day by day.
-- parameter: days integer 30
SELECT substr(time, 1, 10) AS day, coalesce(detail.analysis.textsentiment, 'UNKNOWN') AS sentiment, count(*) AS messages
FROM "analysed-messages-table"
WHERE "detail-type" = 'MESSAGE_ANALYSED'
  AND from_iso8601_timestamp(time) > date_add('day', -CAST(? AS integer), current_timestamp)
GROUP BY 1, 2
ORDER BY day DESC, messages DESC;
