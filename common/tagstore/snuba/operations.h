/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this backend share: its struct, and the operations that snuba_tagstore.c lists.
   Each operation does what tagstore.h promises of the function of its name. */
#ifndef TAGSTORE_SNUBA_OPERATIONS_H
#define TAGSTORE_SNUBA_OPERATIONS_H

#include "client/pg.h"
#include "snuba/snuba_client.h"
#include "tagstore/backend.h"
#include "tagstore/snuba/translate.h"

struct snuba_tagstore {
    struct tagstore base;
    struct snuba_client *client;
    struct snuba_translator translator;
    char *tmpdir;          /* where a cursor sorts */
    int64_t page_size_max; /* the most rows per page of an export, however fast the pages come */
};

/* cursor.c */
bool snuba_open_group_tag_values(struct tagstore *store, const struct group_tag_value_query *query,
                                 struct tagstore_cursor **cursor, struct error *error) MUST_CHECK;
bool snuba_next_page(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                     struct error *error) MUST_CHECK;
void snuba_close(struct tagstore_cursor *cursor);

/* read_keys.c */
/* Whether the project or group has the key. Used by cursor.c. */
bool snuba_has_tag_key(struct tagstore *store, const struct tag_place *place, bool *has,
                       struct error *error) MUST_CHECK;
bool snuba_estimate_values(struct tagstore *store, const struct tag_place *place, int64_t *count,
                           struct error *error) MUST_CHECK;
bool snuba_get_group_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_key *tag_key, struct error *error) MUST_CHECK;
bool snuba_get_group_tag_keys(struct tagstore *store, const struct tag_place *place, int64_t limit,
                              struct tag_key_list *keys, struct error *error) MUST_CHECK;
bool snuba_get_group_tag_value_count(struct tagstore *store, const struct tag_place *place,
                                     int64_t *count, struct error *error) MUST_CHECK;
bool snuba_get_group_tag_keys_and_top_values(struct tagstore *store, const struct tag_place *place,
                                             struct tag_key_summary_list *keys,
                                             struct error *error) MUST_CHECK;

/* read_values.c */
bool snuba_get_group_tag_value(struct tagstore *store, const struct tag_place *place,
                               struct group_tag_value *row, struct error *error) MUST_CHECK;
bool snuba_get_group_list_tag_value(struct tagstore *store, const struct tag_place *place,
                                    const struct tag_id_list *group_ids,
                                    struct group_tag_value_list *rows,
                                    struct error *error) MUST_CHECK;
bool snuba_get_top_group_tag_values(struct tagstore *store, const struct tag_place *place,
                                    int64_t limit, struct group_tag_value_list *rows,
                                    struct error *error) MUST_CHECK;
bool snuba_get_first_release(struct tagstore *store, const struct tag_place *place,
                             struct arena *arena, const char **version,
                             struct error *error) MUST_CHECK;
bool snuba_get_last_release(struct tagstore *store, const struct tag_place *place,
                            struct arena *arena, const char **version,
                            struct error *error) MUST_CHECK;
bool snuba_get_release_tags(struct tagstore *store, const struct release_query *query,
                            struct group_tag_value_list *rows, struct error *error) MUST_CHECK;

/* read_events.c */
bool snuba_get_group_event_ids(struct tagstore *store, const struct tag_place *place,
                               const struct tag_list *tags,
                               const struct tagstore_listener *listener,
                               struct error *error) MUST_CHECK;
bool snuba_get_group_ids_for_search_filter(struct tagstore *store, const struct tag_place *place,
                                           const struct tag_condition_list *conditions,
                                           struct tag_id_list *group_ids,
                                           struct error *error) MUST_CHECK;

/* read_users.c */
bool snuba_get_group_ids_for_users(struct tagstore *store, const struct tagstore_user_query *query,
                                   struct tag_id_list *group_ids, struct error *error) MUST_CHECK;
bool snuba_get_group_tag_values_for_users(struct tagstore *store,
                                          const struct tagstore_user_query *query,
                                          struct user_tag_value_list *rows,
                                          struct error *error) MUST_CHECK;
bool snuba_get_groups_user_counts(struct tagstore *store, const struct tag_place *place,
                                  const struct tag_id_list *group_ids, int64_t *counts,
                                  struct error *error) MUST_CHECK;

#endif
