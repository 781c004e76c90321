-- Who writes most, and how they feel.
-- parameter: most integer 20
WITH authors AS (
  SELECT detail.author AS author, count(*) AS messages,
    count_if(detail.analysis.textsentiment = 'POSITIVE') AS positive,
    count_if(detail.analysis.textsentiment = 'NEGATIVE') AS negative,
    max(time) AS latest,
    row_number() OVER (ORDER BY count(*) DESC, detail.author) AS place
  FROM "analysed-messages-table"
  WHERE "detail-type" = 'MESSAGE_ANALYSED'
  GROUP BY detail.author
)
SELECT author, messages, positive, negative, latest
FROM authors
WHERE place <= CAST(? AS integer)
ORDER BY place;
