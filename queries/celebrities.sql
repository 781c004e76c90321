-- Who is famous in the pictures people sent.
SELECT time, detail.author, celebrityfaces.name FROM "analysed-messages-table"
CROSS JOIN UNNEST(detail.analysis.images) as t(images)
CROSS JOIN UNNEST(images.analysis.celebrityfaces) as t(celebrityfaces)
WHERE "detail-type" = 'MESSAGE_ANALYSED' ORDER BY time DESC;
