-- Deletes what is left of organizations that have nothing to do, and says whether delayed jobs are due. $1 queue.
SELECT exportd.tidy_flows($1::text), EXISTS (SELECT FROM exportd.export e WHERE e.state = 'delayed' AND e.queue = $1::text
                                                AND e.next_try_at <= (SELECT clock_timestamp()))
