-- Deletes flows of organizations without waiting jobs. $1 queue. Answers with how many, and whether delayed jobs are due.
SELECT exportd.tidy_flows($1::text), EXISTS (SELECT FROM exportd.export e WHERE e.state = 'delayed' AND e.queue = $1::text
                                                AND e.next_try_at <= (SELECT clock_timestamp()))
