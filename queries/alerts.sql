-- The negative messages, which raised alerts.
SELECT time, detail.author, detail.analysis.sentimentscore.negative AS sure, detail.text, detail.twitter.tweetid
FROM "analysed-messages-table"
WHERE "detail-type" = 'MESSAGE_ANALYSED' AND detail.analysis.textsentiment = 'NEGATIVE' ORDER BY time DESC;
