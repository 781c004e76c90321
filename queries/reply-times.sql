-- How long people waited for a reply, in seconds, hour by hour (UTC).
WITH received AS (
  SELECT detail.twitter.tweetid AS tweet, min(time) AS moment
  FROM "analysed-messages-table" WHERE "detail-type" = 'MESSAGE_RECEIVED' GROUP BY 1
), sent AS (
  SELECT detail.replytotweetid AS tweet, min(time) AS moment
  FROM "analysed-messages-table" WHERE "detail-type" = 'TWEET_SENT' GROUP BY 1
), waits AS (
  SELECT substr(received.moment, 1, 13) AS hour,
    date_diff('millisecond', from_iso8601_timestamp(received.moment), from_iso8601_timestamp(sent.moment)) / 1000.0
      AS seconds
  FROM received JOIN sent ON received.tweet = sent.tweet
)
SELECT hour, count(*) AS replies, round(avg(seconds), 2) AS average,
  round(approx_percentile(seconds, 0.5), 2) AS median, round(max(seconds), 2) AS longest
FROM waits
GROUP BY hour
ORDER BY hour DESC;
