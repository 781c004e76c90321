-- The negative messages: they raised alerts, unless [alerts] says what does.
WITH posts AS (
  SELECT time, detail.author AS author, detail.analysis.sentimentscore.negative AS sure, detail.text AS text,
    detail.twitter.tweetid AS tweetid,
    row_number() OVER (
      PARTITION BY coalesce(detail.twitter.firsttweetid, detail.twitter.tweetid, id) ORDER BY time, id
    ) AS turn
  FROM "analysed-messages-table"
  WHERE "detail-type" = 'MESSAGE_ANALYSED' AND detail.analysis.textsentiment = 'NEGATIVE'
    AND "replay-name" IS NULL AND detail.replayname IS NULL AND coalesce(cardinality(detail.completes), 0) = 0
)
SELECT time, author, sure, text, tweetid FROM posts WHERE turn = 1 ORDER BY time DESC, tweetid;
