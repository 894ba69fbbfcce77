-- The groups that have an event which meets all conditions, where the rarest condition asks for a value
-- (any value of a key: groups_by_key.sql). $1 project. Arrays, one element per condition and key that may meet it:
-- $2 condition, $3 key, $4 value (0: any value), $5 the key's empty value (0: it has none). $6 the rarest condition,
-- $7 the number of the others. Answers ids, in order.
-- It reads the groups that meet the rarest condition and looks in each for one event that meets this condition and the
-- others. OFFSET 0 and LIMIT 1 make these index lookups: no plan may read all events.
SELECT DISTINCT c.group_id
  FROM (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                      AS w (n, key_id, value_id, empty_id)
         WHERE n = $6::bigint) w
 CROSS JOIN LATERAL (SELECT c.group_id FROM tagstore_grouptagvalue c
                      WHERE c.value_id = w.value_id AND c.project_id = $1::bigint OFFSET 0) c
 CROSS JOIN LATERAL (
    SELECT FROM tagstore_eventtag t
     WHERE t.project_id = $1::bigint AND t.group_id = c.group_id AND t.key_id = w.key_id AND t.value_id = w.value_id
       AND (SELECT count(DISTINCT o.n)
              FROM (SELECT * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                                  AS w (n, key_id, value_id, empty_id)
                     WHERE n <> $6::bigint) o
             WHERE EXISTS (SELECT FROM tagstore_eventtag x
                            WHERE x.project_id = $1::bigint AND x.event_id = t.event_id AND x.key_id = o.key_id
                              AND x.value_id <> o.empty_id AND o.value_id IN (0, x.value_id))) = $7::bigint
     LIMIT 1) one
 ORDER BY c.group_id
