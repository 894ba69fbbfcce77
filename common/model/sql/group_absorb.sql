-- Deletes a group and adds its counts to another. $1 the group to delete, $2 the other. No answer; one row is changed unless
-- a group is gone. The score: see group_insert.sql.
WITH gone AS (
    DELETE FROM sentry_groupedmessage WHERE id = $1::bigint
    RETURNING times_seen, first_seen, last_seen, num_comments
)
UPDATE sentry_groupedmessage g
   SET times_seen = least(2147483647, g.times_seen::bigint + gone.times_seen)::integer,
       num_comments = CASE WHEN g.num_comments IS NOT NULL OR gone.num_comments IS NOT NULL
                           THEN least(2147483647, coalesce(g.num_comments, 0)::bigint + coalesce(gone.num_comments, 0)) END,
       first_seen = least(g.first_seen, gone.first_seen),
       last_seen = greatest(g.last_seen, gone.last_seen),
       score = least(greatest(trunc(log((greatest(1, g.times_seen::bigint + gone.times_seen))::double precision) * 600
                                    + extract(epoch FROM greatest(g.last_seen, gone.last_seen))::double precision),
                              -2147483648), 2147483647)::integer
  FROM gone WHERE g.id = $2::bigint
