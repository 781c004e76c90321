-- How people felt, day by day.
-- parameter: days integer 30
WITH posts AS (
  SELECT time, detail.analysis.textsentiment AS sentiment,
    row_number() OVER (
      PARTITION BY coalesce(detail.twitter.firsttweetid, detail.twitter.tweetid, id) ORDER BY time, id
    ) AS turn
  FROM "analysed-messages-table"
  WHERE "detail-type" = 'MESSAGE_ANALYSED'
    AND "replay-name" IS NULL AND detail.replayname IS NULL AND coalesce(cardinality(detail.completes), 0) = 0
)
SELECT substr(time, 1, 10) AS day, coalesce(sentiment, 'UNKNOWN') AS sentiment, count(*) AS messages
FROM posts
WHERE turn = 1 AND from_iso8601_timestamp(time) > date_add('day', -CAST(? AS integer), current_timestamp)
GROUP BY 1, 2
ORDER BY day DESC, messages DESC;
