-- The values of a group for a key, if they are few, in the order of the export's cursor. $1 project, $2 group,
-- $3 environment, $4 key, $5 whether only seen, not empty values are wanted, $6 how many are few, $7 limit,
-- $8 longest value in bytes. Answers value (NULL if it is too long), times_seen, last_seen and first_seen in
-- microseconds since 1970 (NULL: not known, or outside the years 1 to 9999), and 1 if the project has the group, or 0.
-- The counter in tagstore_grouptagkey keeps the statement from reading many values. It may be wrong: the limit bounds
-- the rows all the same. Values are ordered bytewise, not by a language.
SELECT CASE WHEN octet_length(v.value) <= $8::integer THEN v.value END,
       g.times_seen,
       CASE WHEN g.last_seen >= '0001-01-01 00:00:00+00' AND g.last_seen < '10000-01-01 00:00:00+00'
            THEN (extract(epoch FROM g.last_seen) * 1000000)::bigint END,
       CASE WHEN g.first_seen >= '0001-01-01 00:00:00+00' AND g.first_seen < '10000-01-01 00:00:00+00'
            THEN (extract(epoch FROM g.first_seen) * 1000000)::bigint END,
       (SELECT count(*) FROM sentry_groupedmessage WHERE id = $2::bigint AND project_id = $1::bigint)
  FROM tagstore_tagkey k
  JOIN tagstore_grouptagkey n ON n.project_id = $1::bigint AND n.group_id = $2::bigint AND n.key_id = k.id
                             AND n.values_seen <= $6::bigint
  JOIN tagstore_grouptagvalue g ON g.project_id = $1::bigint AND g.group_id = $2::bigint AND g.key_id = k.id
  JOIN tagstore_tagvalue v ON v.id = g.value_id
 WHERE k.project_id = $1::bigint AND k.environment_id = $3::bigint AND k.key = $4::text AND k.status = 0
   AND (NOT $5::boolean OR (g.times_seen > 0 AND v.value <> ''))
 ORDER BY g.first_seen DESC NULLS LAST, v.value COLLATE "C"
 LIMIT $7::bigint
