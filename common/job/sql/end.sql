-- The fence, and the end of an attempt. $1 export, $2 run, $3 state, $4 outcome, $5 message, $6 cause, $7 failures to add,
-- $8 milliseconds to the next try, $9 rows, $10 bytes, $11 pages, $12 truncated, $13 and $14 the window of events,
-- $15 rows expected. Answers with 1 if the job was still the claim's, else with 0: then nothing was changed.
WITH passed AS (
    UPDATE exportd.export
       SET state = $3::text, worker = NULL, message = $5::text, cause = $6::text,
           failures = failures + $7::integer,
           next_try_at = clock_timestamp() + $8::bigint * interval '1 millisecond',
           rows = $9::bigint, bytes = $10::bigint, pages = $11::bigint, progress_at = clock_timestamp(),
           truncated = $12::text, window_from = $13::timestamptz, window_to = $14::timestamptz,
           rows_expected = coalesce(nullif($15::bigint, 0), rows_expected),
           -- a job that is given back starts its EXPORTD_GIVE_UP_HOURS again, unless it has been delayed before
           first_claimed_at = CASE WHEN $3::text = 'waiting' AND NOT EXISTS (
               SELECT FROM exportd.attempt a WHERE a.data_export_id = $1::bigint AND a.outcome = 'delayed')
               THEN NULL ELSE first_claimed_at END,
           finished_at = CASE WHEN $3::text NOT IN ('waiting', 'delayed') THEN clock_timestamp() END
     WHERE data_export_id = $1::bigint AND run = $2::text AND state = 'running'
    RETURNING data_export_id, attempt
), ended AS (
    UPDATE exportd.attempt a SET ended_at = clock_timestamp(), outcome = $4::text, message = $5::text, cause = $6::text
      FROM passed WHERE a.data_export_id = passed.data_export_id AND a.attempt = passed.attempt
)
SELECT count(*) FROM passed
