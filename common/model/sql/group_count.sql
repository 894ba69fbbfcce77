-- Counts events of groups; a resolved group (status 1) is reopened. Arrays with an element per group: $1 ids, $2 times_seen,
-- $3 first_seen, $4 last_seen. No answer. The score: see group_insert.sql.
UPDATE sentry_groupedmessage g
   SET times_seen = g.times_seen + w.times_seen,
       first_seen = least(g.first_seen, w.first_seen),
       last_seen = greatest(g.last_seen, w.last_seen),
       score = least(greatest(trunc(log((g.times_seen + w.times_seen)::double precision) * 600
                                    + extract(epoch FROM greatest(g.last_seen, w.last_seen))::double precision),
                              -2147483648), 2147483647)::integer,
       active_at = CASE g.status WHEN 1 THEN now() ELSE g.active_at END,
       status = CASE g.status WHEN 1 THEN 0 ELSE g.status END
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[])
       AS w (id, times_seen, first_seen, last_seen)
 WHERE g.id = w.id
