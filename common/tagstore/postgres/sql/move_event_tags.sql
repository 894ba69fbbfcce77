-- Moves the tags of events to another group. $1 project, $2 event ids, $3 destination group. Answers what the moved
-- events have counted in the groups that they leave: group, key, value, times_seen, first_seen and last_seen in
-- microseconds since 1970; for the event's own environment (own) and for all environments (total), sorted.
-- A tag refers to the key and value of the event's own environment: the texts lead to those of all environments.
WITH old AS (
    SELECT id, group_id FROM tagstore_eventtag
     WHERE project_id = $1::bigint AND event_id = ANY ($2::bigint[]) AND group_id <> $3::bigint
       FOR NO KEY UPDATE
), moved AS (
    UPDATE tagstore_eventtag t SET group_id = $3::bigint
      FROM old WHERE t.id = old.id
    RETURNING old.group_id, t.key_id, t.value_id, t.date_added
), own AS (
    SELECT group_id, key_id, value_id, count(*) AS times_seen, min(date_added) AS first_seen,
           max(date_added) AS last_seen
      FROM moved GROUP BY group_id, key_id, value_id
), total AS (
    SELECT own.group_id, k.id AS key_id, v.id AS value_id, sum(own.times_seen)::bigint AS times_seen,
           min(own.first_seen) AS first_seen, max(own.last_seen) AS last_seen
      FROM own
      JOIN tagstore_tagkey ok ON ok.id = own.key_id AND ok.environment_id <> 0
      JOIN tagstore_tagvalue ov ON ov.id = own.value_id
      JOIN tagstore_tagkey k ON k.project_id = ok.project_id AND k.environment_id = 0 AND k.key = ok.key
      JOIN tagstore_tagvalue v ON v.project_id = ov.project_id AND v.key_id = k.id AND v.value = ov.value
     GROUP BY own.group_id, k.id, v.id
)
SELECT group_id, key_id, value_id, times_seen, (extract(epoch FROM first_seen) * 1000000)::bigint,
       (extract(epoch FROM last_seen) * 1000000)::bigint
  FROM (SELECT * FROM own UNION ALL SELECT * FROM total) both_kinds
 ORDER BY group_id, key_id, value_id
