-- Who writes most, and how they feel.
-- parameter: most integer 20
WITH posts AS (
  SELECT time, detail.author AS author, detail.analysis.textsentiment AS sentiment,
    row_number() OVER (
      PARTITION BY coalesce(detail.twitter.firsttweetid, detail.twitter.tweetid, id) ORDER BY time, id
    ) AS turn
  FROM "analysed-messages-table"
  WHERE "detail-type" = 'MESSAGE_ANALYSED'
    AND "replay-name" IS NULL AND detail.replayname IS NULL AND coalesce(cardinality(detail.completes), 0) = 0
), authors AS (
  SELECT author, count(*) AS messages, count_if(sentiment = 'POSITIVE') AS positive,
    count_if(sentiment = 'NEGATIVE') AS negative, max(time) AS latest,
    row_number() OVER (ORDER BY count(*) DESC, author) AS place
  FROM posts
  WHERE turn = 1
  GROUP BY author
)
SELECT author, messages, positive, negative, latest
FROM authors
WHERE place <= CAST(? AS integer)
ORDER BY place;
