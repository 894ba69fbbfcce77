/* What the files of this backend share: its struct and the operations that snuba_tagstore.c lists.
   Each promises what tagstore.h says of the function of its name. */
#ifndef TAGSTORE_SNUBA_OPERATIONS_H
#define TAGSTORE_SNUBA_OPERATIONS_H

#include "client/pg.h"
#include "snuba/snuba_client.h"
#include "tagstore/backend.h"

struct snuba_tagstore {
    struct tagstore base;
    struct snuba_client *client;
    struct pg *pg; /* the caller's: what ids mean */
    int64_t retention_days;
    char *tmpdir; /* where a cursor sorts */
};

/* cursor.c */
bool snuba_open_group_tag_values(struct tagstore *store, const struct group_tag_value_query *query,
                                 struct tagstore_cursor **cursor, struct error *error) MUST_CHECK;
bool snuba_next_page(struct tagstore_cursor *cursor, struct arena *arena,
                     struct group_tag_value **rows, size_t *count, struct error *error) MUST_CHECK;
void snuba_close(struct tagstore_cursor *cursor);

/* read_keys.c */
bool snuba_has_tag_key(struct tagstore *store, int64_t project_id, int64_t environment_id,
                       const char *key, bool *has, struct error *error) MUST_CHECK;
bool snuba_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_key *tag_key, struct error *error) MUST_CHECK;
bool snuba_get_group_tag_keys(struct tagstore *store, const struct tag_place *place, int64_t limit,
                              struct arena *arena, struct tag_key **keys, size_t *count,
                              struct error *error) MUST_CHECK;
bool snuba_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                     int64_t *count, struct error *error) MUST_CHECK;
bool snuba_get_group_tag_keys_and_top_values(struct tagstore *store, const struct tag_place *place,
                                             struct arena *arena, struct tag_key_summary **keys,
                                             size_t *count, struct error *error) MUST_CHECK;

/* read_values.c */
bool snuba_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                               struct group_tag_value *row, struct error *error) MUST_CHECK;
bool snuba_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                    const int64_t *group_ids, size_t group_count,
                                    struct arena *arena, struct group_tag_value **rows,
                                    size_t *count, struct error *error) MUST_CHECK;
bool snuba_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                    int64_t limit, struct arena *arena,
                                    struct group_tag_value **rows, size_t *count,
                                    struct error *error) MUST_CHECK;
bool snuba_get_release(struct tagstore *store, int64_t project_id, int64_t group_id, bool last,
                       struct arena *arena, const char **version, struct error *error) MUST_CHECK;
bool snuba_get_release_tags(struct tagstore *store, const int64_t *project_ids,
                            size_t project_count, int64_t environment_id,
                            const char *const *versions, size_t version_count, struct arena *arena,
                            struct group_tag_value **rows, size_t *count,
                            struct error *error) MUST_CHECK;

/* read_events.c */
bool snuba_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                               const struct tag *tags, size_t tag_count,
                               tagstore_text_function *tell, void *context,
                               struct error *error) MUST_CHECK;
bool snuba_get_group_ids_for_search_filter(struct tagstore *store, int64_t project_id,
                                           int64_t environment_id,
                                           const struct tag_condition *conditions,
                                           size_t condition_count, struct arena *arena,
                                           int64_t **group_ids, size_t *count,
                                           struct error *error) MUST_CHECK;

/* read_users.c */
bool snuba_get_group_ids_for_users(struct tagstore *store, const struct tagstore_user *users,
                                   size_t user_count, int64_t limit, struct arena *arena,
                                   int64_t **group_ids, size_t *count,
                                   struct error *error) MUST_CHECK;
bool snuba_get_group_tag_values_for_users(struct tagstore *store, const struct tagstore_user *users,
                                          size_t user_count, int64_t limit, struct arena *arena,
                                          struct user_tag_value **rows, size_t *count,
                                          struct error *error) MUST_CHECK;
bool snuba_get_groups_user_counts(struct tagstore *store, int64_t project_id,
                                  const int64_t *group_ids, size_t group_count,
                                  int64_t environment_id, int64_t *counts,
                                  struct error *error) MUST_CHECK;

#endif
