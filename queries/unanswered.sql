-- Who summoned the bot and has no reply.
SELECT min(received.time) AS time, received.detail.author AS author, received.detail.text AS text,
  received.detail.twitter.tweetid AS tweetid
FROM "analysed-messages-table" AS received
LEFT JOIN "analysed-messages-table" AS sent
  ON sent."detail-type" = 'TWEET_SENT' AND sent.detail.replytotweetid = received.detail.twitter.tweetid
WHERE received."detail-type" = 'MESSAGE_RECEIVED' AND received.detail.summoned AND sent.id IS NULL
GROUP BY 2, 3, 4
ORDER BY time DESC;
