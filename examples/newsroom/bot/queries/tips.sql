-- Tips by topic, the newest first.
-- parameter: most integer 20
SELECT time, detail.topic, detail.author, detail.text
FROM "analysed-messages-table"
WHERE "detail-type" = 'TIP_RECEIVED' AND "replay-name" IS NULL
ORDER BY time DESC
LIMIT CAST(? AS integer)
