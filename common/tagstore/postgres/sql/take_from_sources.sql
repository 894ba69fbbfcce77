-- Takes the sums of moved events from the groups that they have left. Arrays, one element per sum: $1 projects,
-- $2 destinations, $3 groups, $4 keys, $5 values, $6 times_seen, $7 first_seen, $8 last_seen. No answer.
-- `known` is what a group still has of events: its tags of that key and value; for the row of all environments the tags
-- of every environment. If these are all sightings that are left in the row, they give the first and the last one.
WITH known AS (
    SELECT w.project_id, w.group_id, w.key_id, w.value_id, w.times_seen AS moved, count(t.id) AS events,
           min(t.date_added) AS first_seen, max(t.date_added) AS last_seen
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                  $7::timestamptz[], $8::timestamptz[])
           AS w (project_id, destination_id, group_id, key_id, value_id, times_seen, first_seen, last_seen)
      JOIN tagstore_tagkey k ON k.id = w.key_id
      JOIN tagstore_tagvalue v ON v.id = w.value_id
      JOIN tagstore_tagkey ek ON ek.project_id = k.project_id AND ek.key = k.key
                             AND (ek.id = k.id OR k.environment_id = 0)
      JOIN tagstore_tagvalue ev ON ev.project_id = v.project_id AND ev.key_id = ek.id AND ev.value = v.value
      LEFT JOIN tagstore_eventtag t ON t.group_id = w.group_id AND t.key_id = ek.id AND t.value_id = ev.id
                                   AND t.project_id = w.project_id
     GROUP BY w.project_id, w.group_id, w.key_id, w.value_id, w.times_seen
)
UPDATE tagstore_grouptagvalue g
   SET times_seen = greatest(g.times_seen - known.moved, 0)::integer,
       first_seen = CASE WHEN known.events > 0 AND known.events = g.times_seen - known.moved
                         THEN known.first_seen ELSE g.first_seen END,
       last_seen = CASE WHEN known.events > 0 AND known.events = g.times_seen - known.moved
                        THEN known.last_seen ELSE g.last_seen END
  FROM known
 WHERE g.project_id = known.project_id AND g.group_id = known.group_id AND g.key_id = known.key_id
   AND g.value_id = known.value_id
