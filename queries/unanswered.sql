-- Who summoned the bot and has no reply.
WITH received AS (
  SELECT time, detail.author AS author, detail.text AS text, detail.twitter.tweetid AS tweetid,
    coalesce(detail.twitter.firsttweetid, detail.twitter.tweetid) AS chain,
    row_number() OVER (
      PARTITION BY coalesce(detail.twitter.firsttweetid, detail.twitter.tweetid, id) ORDER BY time, id
    ) AS turn
  FROM "analysed-messages-table"
  WHERE "detail-type" = 'MESSAGE_RECEIVED' AND detail.summoned
    AND "replay-name" IS NULL AND detail.replayname IS NULL
), answered AS (
  SELECT DISTINCT received.chain
  FROM received JOIN "analysed-messages-table" AS sent
    ON sent."detail-type" = 'TWEET_SENT' AND sent.detail.replytotweetid = received.tweetid
)
SELECT received.time, received.author, received.text, received.tweetid
FROM received LEFT JOIN answered ON answered.chain = received.chain
WHERE received.turn = 1 AND answered.chain IS NULL
ORDER BY received.time DESC, tweetid;
