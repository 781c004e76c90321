-- Positive messages that came with a picture.
SELECT time, detail.author, detail.analysis.textsentiment, detail.text FROM "analysed-messages-table"
CROSS JOIN UNNEST(detail.analysis.images) as t(images)
WHERE "detail-type" = 'MESSAGE_ANALYSED' AND detail.analysis.textsentiment='POSITIVE' ORDER BY time DESC;
