-- Adds to the sums of groups' values and creates missing rows; new ones count in values_seen of the groups' keys, which
-- are created if they are missing. Arrays, one element per row: $1 projects, $2 groups, $3 keys, $4 values,
-- $5 times_seen, $6 last_seen, $7 first_seen, in the order in which all writers lock the rows. No answer.
-- A row that the upsert has inserted has xmax 0; a row that it has updated has its lock there. All values are saved
-- before the first key is locked, because the statement on the keys sorts its input.
WITH saved AS (
    INSERT INTO tagstore_grouptagvalue AS t
           (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)
    SELECT w.project_id, w.group_id, w.key_id, w.value_id, w.times_seen, w.last_seen, w.first_seen
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[],
                  $7::timestamptz[])
           WITH ORDINALITY AS w (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen, n)
     ORDER BY w.n
    ON CONFLICT (project_id, group_id, key_id, value_id) DO UPDATE
       SET times_seen = least(2147483647, t.times_seen::bigint + excluded.times_seen)::integer,
           last_seen = greatest(t.last_seen, excluded.last_seen),
           first_seen = least(t.first_seen, excluded.first_seen)
    RETURNING t.project_id, t.group_id, t.key_id, (t.xmax = 0)::integer AS is_new
), added AS (
    SELECT project_id, group_id, key_id, sum(is_new) AS count FROM saved GROUP BY project_id, group_id, key_id
)
INSERT INTO tagstore_grouptagkey AS t (project_id, group_id, key_id, values_seen)
SELECT w.project_id, w.group_id, w.key_id, w.count
  FROM added w
 WHERE w.count > 0
    OR NOT EXISTS (SELECT FROM tagstore_grouptagkey k
                    WHERE k.project_id = w.project_id AND k.group_id = w.group_id AND k.key_id = w.key_id)
 ORDER BY w.project_id, w.group_id, w.key_id
ON CONFLICT (project_id, group_id, key_id) DO UPDATE
   SET values_seen = least(2147483647, t.values_seen::bigint + excluded.values_seen)::integer
