-- Inserts groups: unresolved, active since first_seen, without a short id. Arrays with an element per group: $1 ids,
-- $2 projects, $3 messages, $4 platforms, $5 loggers, $6 levels, $7 first releases, $8 times_seen, $9 first_seen,
-- $10 last_seen. No answer. The score is int(log10(times_seen) * 600 + last_seen), kept within the column.
INSERT INTO sentry_groupedmessage
       (id, project_id, message, platform, logger, level, first_release_id, times_seen, first_seen, last_seen, active_at,
        score, view, num_comments, status, resolved_at, time_spent_total, time_spent_count, is_public, data, short_id)
SELECT w.id, w.project_id, w.message, w.platform, w.logger, w.level, w.release_id, w.times_seen, w.first_seen,
       w.last_seen, w.first_seen,
       least(greatest(trunc(log((w.times_seen)::double precision) * 600
                            + extract(epoch FROM w.last_seen)::double precision), -2147483648), 2147483647)::integer,
       NULL, 0, 0, NULL, 0, 0, false, NULL, NULL
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
              $9::timestamptz[], $10::timestamptz[])
       AS w (id, project_id, message, platform, logger, level, release_id, times_seen, first_seen, last_seen)
