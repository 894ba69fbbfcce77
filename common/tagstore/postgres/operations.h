/* What the files of this backend share: its struct and the operations that postgres_tagstore.c
   lists. Each promises what tagstore.h says of the function of its name. */
#ifndef TAGSTORE_POSTGRES_OPERATIONS_H
#define TAGSTORE_POSTGRES_OPERATIONS_H

#include "client/pg.h"
#include "tagstore/backend.h"
#include "tagstore/postgres/value_cache.h"

struct postgres_tagstore {
    struct tagstore base;
    struct pg *pg;              /* the caller's */
    struct value_cache *values; /* NULL until something is recorded */
};

/* The visible key of a project in one environment (0: all); *id is 0 when there is none. */
bool postgres_find_key(struct pg *pg, int64_t project_id, int64_t environment_id, const char *key,
                       int64_t *id, struct error *error) MUST_CHECK;

/* cursor.c */
bool postgres_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor,
                                    struct error *error) MUST_CHECK;
bool postgres_next_page(struct tagstore_cursor *cursor, struct arena *arena,
                        struct group_tag_value **rows, size_t *count,
                        struct error *error) MUST_CHECK;
void postgres_close(struct tagstore_cursor *cursor);

/* read_keys.c */
bool postgres_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                struct tag_key *tag_key, struct error *error) MUST_CHECK;
bool postgres_get_group_tag_keys(struct tagstore *store, const struct tag_place *place,
                                 int64_t limit, struct arena *arena, struct tag_key **keys,
                                 size_t *count, struct error *error) MUST_CHECK;
bool postgres_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                        int64_t *count, struct error *error) MUST_CHECK;
bool postgres_get_group_tag_keys_and_top_values(struct tagstore *store,
                                                const struct tag_place *place, struct arena *arena,
                                                struct tag_key_summary **keys, size_t *count,
                                                struct error *error) MUST_CHECK;

/* read_values.c */
bool postgres_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                  struct group_tag_value *row, struct error *error) MUST_CHECK;
bool postgres_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                       const int64_t *group_ids, size_t group_count,
                                       struct arena *arena, struct group_tag_value **rows,
                                       size_t *count, struct error *error) MUST_CHECK;
bool postgres_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                       int64_t limit, struct arena *arena,
                                       struct group_tag_value **rows, size_t *count,
                                       struct error *error) MUST_CHECK;
bool postgres_get_release(struct tagstore *store, int64_t project_id, int64_t group_id, bool last,
                          struct arena *arena, const char **version,
                          struct error *error) MUST_CHECK;
bool postgres_get_release_tags(struct tagstore *store, const int64_t *project_ids,
                               size_t project_count, int64_t environment_id,
                               const char *const *versions, size_t version_count,
                               struct arena *arena, struct group_tag_value **rows, size_t *count,
                               struct error *error) MUST_CHECK;

/* read_events.c */
bool postgres_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                                  const struct tag *tags, size_t tag_count,
                                  tagstore_text_function *tell, void *context,
                                  struct error *error) MUST_CHECK;
bool postgres_get_group_ids_for_search_filter(struct tagstore *store, int64_t project_id,
                                              int64_t environment_id,
                                              const struct tag_condition *conditions,
                                              size_t condition_count, struct arena *arena,
                                              int64_t **group_ids, size_t *count,
                                              struct error *error) MUST_CHECK;

/* read_users.c */
bool postgres_get_group_ids_for_users(struct tagstore *store, const struct tagstore_user *users,
                                      size_t user_count, int64_t limit, struct arena *arena,
                                      int64_t **group_ids, size_t *count,
                                      struct error *error) MUST_CHECK;
bool postgres_get_group_tag_values_for_users(struct tagstore *store,
                                             const struct tagstore_user *users, size_t user_count,
                                             int64_t limit, struct arena *arena,
                                             struct user_tag_value **rows, size_t *count,
                                             struct error *error) MUST_CHECK;
bool postgres_get_groups_user_counts(struct tagstore *store, int64_t project_id,
                                     const int64_t *group_ids, size_t group_count,
                                     int64_t environment_id, int64_t *counts,
                                     struct error *error) MUST_CHECK;

/* record.c */
bool postgres_prepare(struct tagstore *store, const struct tag_observation *observations,
                      size_t count, struct error *error) MUST_CHECK;
bool postgres_record(struct tagstore *store, const struct tag_observation *observations,
                     size_t count, struct error *error) MUST_CHECK;

/* write_rows.c */
bool postgres_get_or_create(struct tagstore *store, enum tag_class class,
                            const struct tag_place *place, struct tag_row *row, bool *created,
                            struct error *error) MUST_CHECK;
bool postgres_incr_times_seen(struct tagstore *store, enum tag_class class,
                              const struct tag_place *place, const struct tag_increment *increment,
                              struct error *error) MUST_CHECK;
bool postgres_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                                const struct tag *tags, size_t count,
                                struct error *error) MUST_CHECK;

/* write_delete.c */
bool postgres_delete_tag_key(struct tagstore *store, int64_t project_id, const char *key,
                             struct arena *arena, int64_t **deleted, size_t *count,
                             struct error *error) MUST_CHECK;
bool postgres_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error) MUST_CHECK;
bool postgres_delete_all_group_tag_values(struct tagstore *store, int64_t project_id,
                                          int64_t group_id, struct error *error) MUST_CHECK;

/* write_groups.c */
bool postgres_update_group_for_events(struct tagstore *store, int64_t project_id,
                                      const int64_t *event_ids, size_t count,
                                      int64_t destination_group_id, struct error *error) MUST_CHECK;
bool postgres_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                               const int64_t *group_ids, size_t count,
                                               struct error *error) MUST_CHECK;
bool postgres_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                          int64_t destination_group_id, struct error *error) MUST_CHECK;

#endif
