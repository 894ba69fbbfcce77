/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of SQL that the statements of the questions share. Their first parameters are $1
   project, $2 environment, $3 key or keys, and $4 group where the question is about one group. */
#ifndef TAGSTORE_POSTGRES_READ_SQL_H
#define TAGSTORE_POSTGRES_READ_SQL_H

/* The visible keys k of the project and environment: an index scan of tagstore_tagkey. */
#define VISIBLE " k.project_id = $1::bigint AND k.environment_id = $2::bigint AND k.status = 0"
#define ONE_KEY VISIBLE " AND k.key = $3::text"

/* The seen values v of key k in the project, and g in the group: lookups in the unique indexes. In
   a group the empty value is excluded by its id, so that no text is read. */
#define EMPTY_VALUE                                                                                \
    " (SELECT e.id FROM tagstore_tagvalue e WHERE e.project_id = $1::bigint"                       \
    "  AND e.key_id = k.id AND e.value = '')"
#define PROJECT_VALUES                                                                             \
    " tagstore_tagvalue v WHERE v.project_id = $1::bigint AND v.key_id = k.id AND v.value <> ''"   \
    " AND v.times_seen > 0"
#define GROUP_VALUES                                                                               \
    " tagstore_grouptagvalue g WHERE g.project_id = $1::bigint AND g.group_id = $4::bigint"        \
    " AND g.key_id = k.id AND g.times_seen > 0 AND g.value_id IS DISTINCT FROM" EMPTY_VALUE

/* The columns of a value, as question_take_value reads them. */
#define VALUE_COLUMNS VALUE_COLUMNS_OF("v.times_seen", "v.first_seen", "v.last_seen")
#define GROUP_COLUMNS VALUE_COLUMNS_OF("g.times_seen", "g.first_seen", "g.last_seen")

/* The sums s over the values of key k. */
#define SUMS(alias, values)                                                                        \
    " LATERAL (SELECT coalesce(sum(" alias ".times_seen), 0)::bigint AS times_seen,"               \
    "   count(*) AS values_seen FROM" values ") s"
#define PROJECT_SUMS SUMS("v", PROJECT_VALUES)
#define GROUP_SUMS   SUMS("g", GROUP_VALUES)

/* The first $5 values of the group in the order of get_top_group_tag_values, as rows of the columns
   in VALUE_COLUMNS. Texts are read only for these values and for those tied with the last one. */
#define TOP_ORDER " g.times_seen DESC, g.last_seen DESC NULLS LAST"
#define TOP_VALUES                                                                                 \
    " LATERAL (SELECT v.value, g.times_seen, g.first_seen, g.last_seen"                            \
    "  FROM (SELECT g.value_id, g.times_seen, g.first_seen, g.last_seen FROM" GROUP_VALUES         \
    "   ORDER BY" TOP_ORDER " FETCH FIRST ($5::bigint) ROWS WITH TIES) g"                          \
    "  JOIN tagstore_tagvalue v ON v.id = g.value_id"                                              \
    "  ORDER BY" TOP_ORDER ", v.value COLLATE \"C\" LIMIT $5::bigint) v"

#endif
