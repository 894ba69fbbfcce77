-- The workers of a queue, by name, with their exports. $1 queue, $2 seconds without a beat after which a worker is silent.
SELECT w.instance, w.name, w.version, w.threads, (extract(epoch FROM w.started_at) * 1000000)::bigint,
       floor(extract(epoch FROM clock_timestamp() - w.beat_at))::bigint,
       w.beat_at <= clock_timestamp() - $2::bigint * interval '1 second',
       (SELECT coalesce(json_agg(e.data_export_id ORDER BY e.data_export_id), '[]') FROM exportd.export e
         WHERE e.state = 'running' AND e.worker = w.instance)
  FROM exportd.worker w
 WHERE w.queue = $1::text
 ORDER BY w.name, w.instance
