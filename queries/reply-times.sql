-- How long people waited for a reply, in seconds, hour by hour (UTC).
WITH received AS (
  SELECT detail.twitter.tweetid AS tweet, coalesce(detail.twitter.firsttweetid, detail.twitter.tweetid) AS chain,
    min(time) AS moment
  FROM "analysed-messages-table"
  WHERE "detail-type" = 'MESSAGE_RECEIVED' AND "replay-name" IS NULL AND detail.replayname IS NULL
  GROUP BY 1, 2
), sent AS (
  SELECT detail.replytotweetid AS tweet, min(time) AS moment
  FROM "analysed-messages-table"
  WHERE "detail-type" = 'TWEET_SENT' AND "replay-name" IS NULL
  GROUP BY 1
), answered AS (
  SELECT received.chain, min(received.moment) AS first, min(sent.moment) AS reply
  FROM received LEFT JOIN sent ON sent.tweet = received.tweet
  GROUP BY 1
), waits AS (
  SELECT substr(first, 1, 13) AS hour,
    date_diff('millisecond', from_iso8601_timestamp(first), from_iso8601_timestamp(reply)) / 1e3 AS seconds
  FROM answered WHERE reply IS NOT NULL
)
SELECT hour, count(*) AS replies, round(avg(seconds), 2) AS average,
  round(approx_percentile(seconds, 0.5), 2) AS median, round(max(seconds), 2) AS longest
FROM waits
GROUP BY hour
ORDER BY hour DESC;
