/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this backend share: its struct, and the operations that postgres_tagstore.c
   lists. Each operation does what tagstore.h promises of the function of its name. */
#ifndef TAGSTORE_POSTGRES_OPERATIONS_H
#define TAGSTORE_POSTGRES_OPERATIONS_H

#include "client/pg.h"
#include "tagstore/backend.h"
#include "tagstore/postgres/value_cache.h"

struct postgres_tagstore {
    struct tagstore base;
    struct pg *pg;              /* owned by the caller */
    struct value_cache *values; /* NULL until the first batch is recorded */
};

/* Finds the visible key of the place: project, environment (0: all), key. *id is 0 if there is
   none. */
bool postgres_find_key(struct pg *pg, const struct tag_place *place, int64_t *id,
                       struct error *error) MUST_CHECK;

/* cursor.c */
bool postgres_open_group_tag_values(struct tagstore *store,
                                    const struct group_tag_value_query *query,
                                    struct tagstore_cursor **cursor,
                                    struct error *error) MUST_CHECK;
bool postgres_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                        struct error *error) MUST_CHECK;
void postgres_close(struct tagstore_cursor *cursor);

/* estimate.c */
bool postgres_estimate_values(struct tagstore *store, const struct tag_place *place, int64_t *count,
                              struct error *error) MUST_CHECK;

/* read_keys.c */
bool postgres_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                struct tag_key *tag_key, struct error *error) MUST_CHECK;
bool postgres_get_group_tag_keys(struct tagstore *store, const struct tag_place *place,
                                 int64_t limit, struct tag_key_list *keys,
                                 struct error *error) MUST_CHECK;
bool postgres_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                        int64_t *count, struct error *error) MUST_CHECK;
bool postgres_get_group_tag_keys_and_top_values(struct tagstore *store,
                                                const struct tag_place *place,
                                                struct tag_key_summary_list *keys,
                                                struct error *error) MUST_CHECK;

/* read_values.c */
bool postgres_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                  struct group_tag_value *row, struct error *error) MUST_CHECK;
bool postgres_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                       const struct tag_id_list *group_ids,
                                       struct group_tag_value_list *rows,
                                       struct error *error) MUST_CHECK;
bool postgres_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                       int64_t limit, struct group_tag_value_list *rows,
                                       struct error *error) MUST_CHECK;
bool postgres_get_first_release(struct tagstore *store, const struct tag_place *place,
                                struct arena *arena, const char **version,
                                struct error *error) MUST_CHECK;
bool postgres_get_last_release(struct tagstore *store, const struct tag_place *place,
                               struct arena *arena, const char **version,
                               struct error *error) MUST_CHECK;
bool postgres_get_release_tags(struct tagstore *store, const struct release_query *query,
                               struct group_tag_value_list *rows, struct error *error) MUST_CHECK;

/* read_events.c */
bool postgres_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                                  const struct tag_list *tags,
                                  const struct tagstore_listener *listener,
                                  struct error *error) MUST_CHECK;
bool postgres_get_group_ids_for_search_filter(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_condition_list *conditions,
                                              struct tag_id_list *group_ids,
                                              struct error *error) MUST_CHECK;

/* read_users.c */
bool postgres_get_group_ids_for_users(struct tagstore *store,
                                      const struct tagstore_user_query *query,
                                      struct tag_id_list *group_ids,
                                      struct error *error) MUST_CHECK;
bool postgres_get_group_tag_values_for_users(struct tagstore *store,
                                             const struct tagstore_user_query *query,
                                             struct user_tag_value_list *rows,
                                             struct error *error) MUST_CHECK;
bool postgres_get_groups_user_counts(struct tagstore *store, const struct tag_place *place,
                                     const struct tag_id_list *group_ids, int64_t *counts,
                                     struct error *error) MUST_CHECK;

/* record.c */
bool postgres_prepare(struct tagstore *store, const struct tag_observation_list *observations,
                      struct error *error) MUST_CHECK;
bool postgres_record(struct tagstore *store, const struct tag_observation_list *observations,
                     struct error *error) MUST_CHECK;

/* write_rows.c */
bool postgres_get_or_create(struct tagstore *store, enum tag_class class,
                            const struct tag_place *place, struct tag_row *row,
                            struct error *error) MUST_CHECK;
bool postgres_incr_times_seen(struct tagstore *store, enum tag_class class,
                              const struct tag_place *place, const struct tag_increment *increment,
                              struct error *error) MUST_CHECK;
bool postgres_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                                const struct tag_list *tags, struct error *error) MUST_CHECK;

/* write_delete.c */
bool postgres_delete_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_id_list *deleted, struct error *error) MUST_CHECK;
bool postgres_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error) MUST_CHECK;
bool postgres_delete_all_group_tag_values(struct tagstore *store, int64_t project_id,
                                          int64_t group_id, struct error *error) MUST_CHECK;

/* write_groups.c */
bool postgres_update_group_for_events(struct tagstore *store, const struct tag_place *destination,
                                      const struct tag_id_list *event_ids,
                                      struct error *error) MUST_CHECK;
bool postgres_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                               const struct tag_id_list *group_ids,
                                               struct error *error) MUST_CHECK;
bool postgres_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                          int64_t destination_group_id, struct error *error) MUST_CHECK;

#endif
