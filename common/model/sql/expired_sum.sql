-- What could be freed if all expired exports lost their files now. No parameters. Answers with the number of these files,
-- and the number and the bytes of the blobs that only they hold.
WITH expired AS (
    SELECT DISTINCT f.id FROM sentry_exporteddata d JOIN sentry_file f ON f.id = d.file_id
     WHERE d.date_expired < now()
), held AS (
    SELECT DISTINCT i.blob_id FROM sentry_fileblobindex i JOIN expired e ON e.id = i.file_id
)
SELECT (SELECT count(*) FROM expired), count(*), coalesce(sum(b.size), 0)
  FROM sentry_fileblob b JOIN held h ON h.blob_id = b.id
 WHERE NOT EXISTS (SELECT 1 FROM sentry_fileblobindex i WHERE i.blob_id = b.id
                      AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.id = i.file_id))
   AND NOT EXISTS (SELECT 1 FROM sentry_file f WHERE f.blob_id = b.id
                      AND NOT EXISTS (SELECT 1 FROM expired e WHERE e.id = f.id))
   AND NOT EXISTS (SELECT 1 FROM sentry_fileblobowner o WHERE o.blob_id = b.id)
