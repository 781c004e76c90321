-- What went wrong, by reason.
SELECT "detail-type" AS event, coalesce(detail.reason, detail.error) AS reason, count(DISTINCT id) AS times,
  max(time) AS latest, max_by(coalesce(detail.explanation, detail.cause), time) AS example
FROM "analysed-messages-table"
WHERE "detail-type" IN ('TWEET_FAILED', 'TWEET_WITHHELD', 'ANALYSIS_FAILED')
  AND "replay-name" IS NULL AND detail.replayname IS NULL
GROUP BY 1, 2
ORDER BY times DESC;
