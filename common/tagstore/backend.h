/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend of the tagstore provides: the export's cursor, and of the questions and writes as
   much as it can. Each operation does what the function of its name in tagstore.h promises. A
   backend's struct begins with struct tagstore, its cursor with struct tagstore_cursor. */
#ifndef TAGSTORE_BACKEND_H
#define TAGSTORE_BACKEND_H

#include "tagstore/tagstore.h"

/* The kinds of rows, in the order in which writers lock them. */
enum tag_class { TAG_KEY, TAG_VALUE, GROUP_TAG_VALUE, GROUP_TAG_KEY, TAG_CLASSES };

struct tagstore_operations {
    /* ---- required ---- */

    void (*free)(struct tagstore *store);
    void (*interrupt)(struct tagstore *store);
    void (*resume)(struct tagstore *store); /* NULL: there is nothing to do */

    /* the export's cursor; a limit is one more than the caller's, who is not given that last row:
       it only shows that there are more than the limit */
    bool (*open_group_tag_values)(struct tagstore *store, const struct group_tag_value_query *query,
                                  struct tagstore_cursor **cursor, struct error *error);
    bool (*next_page)(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                      struct error *error);
    void (*close)(struct tagstore_cursor *cursor);

    /* ---- questions; each may be NULL: ERROR_QUERY, this tagstore cannot answer it ---- */

    bool (*get_group_tag_key)(struct tagstore *store, const struct tag_place *place,
                              struct tag_key *tag_key, struct error *error);
    bool (*get_group_tag_keys)(struct tagstore *store, const struct tag_place *place, int64_t limit,
                               struct tag_key_list *keys, struct error *error);
    bool (*get_group_tag_value)(struct tagstore *store, const struct tag_place *place,
                                struct group_tag_value *row, struct error *error);
    bool (*estimate_values)(struct tagstore *store, const struct tag_place *place, int64_t *count,
                            struct error *error);
    bool (*get_group_list_tag_value)(struct tagstore *store, const struct tag_place *place,
                                     const struct tag_id_list *group_ids,
                                     struct group_tag_value_list *rows, struct error *error);
    bool (*get_group_tag_value_count)(struct tagstore *store, const struct tag_place *place,
                                      int64_t *count, struct error *error);
    bool (*get_top_group_tag_values)(struct tagstore *store, const struct tag_place *place,
                                     int64_t limit, struct group_tag_value_list *rows,
                                     struct error *error);
    bool (*get_group_tag_keys_and_top_values)(struct tagstore *store, const struct tag_place *place,
                                              struct tag_key_summary_list *keys,
                                              struct error *error);
    bool (*get_first_release)(struct tagstore *store, const struct tag_place *place,
                              struct arena *arena, const char **version, struct error *error);
    bool (*get_last_release)(struct tagstore *store, const struct tag_place *place,
                             struct arena *arena, const char **version, struct error *error);
    bool (*get_release_tags)(struct tagstore *store, const struct release_query *query,
                             struct group_tag_value_list *rows, struct error *error);

    /* with a tag, a condition, a user with an attribute and a project at least, no TAG_EMPTY; users
       have their project, which is all that says where, and "" is NULL */
    bool (*get_group_event_ids)(struct tagstore *store, const struct tag_place *place,
                                const struct tag_list *tags,
                                const struct tagstore_listener *listener, struct error *error);
    bool (*get_group_ids_for_search_filter)(struct tagstore *store, const struct tag_place *place,
                                            const struct tag_condition_list *conditions,
                                            struct tag_id_list *group_ids, struct error *error);
    bool (*get_group_ids_for_users)(struct tagstore *store, const struct tagstore_user_query *query,
                                    struct tag_id_list *group_ids, struct error *error);
    bool (*get_group_tag_values_for_users)(struct tagstore *store,
                                           const struct tagstore_user_query *query,
                                           struct user_tag_value_list *rows, struct error *error);
    bool (*get_groups_user_counts)(struct tagstore *store, const struct tag_place *place,
                                   const struct tag_id_list *group_ids, int64_t *counts,
                                   struct error *error);

    /* ---- writes; each may be NULL, for a backend that is fed in another way: what is written is
       accepted and forgotten, and get_or_create makes a new row each time ---- */

    bool (*prepare)(struct tagstore *store, const struct tag_observation_list *observations,
                    struct error *error);
    bool (*record)(struct tagstore *store, const struct tag_observation_list *observations,
                   struct error *error);

    /* get_or_create_* and create_* of the class; incr_*_times_seen of a class of values */
    bool (*get_or_create)(struct tagstore *store, enum tag_class class,
                          const struct tag_place *place, struct tag_row *row, struct error *error);
    bool (*incr_times_seen)(struct tagstore *store, enum tag_class class,
                            const struct tag_place *place, const struct tag_increment *increment,
                            struct error *error);
    bool (*create_event_tags)(struct tagstore *store, const struct tag_observation *event,
                              const struct tag_list *tags, struct error *error);
    bool (*delete_tag_key)(struct tagstore *store, const struct tag_place *place,
                           struct tag_id_list *deleted, struct error *error);
    bool (*delete_all_group_tag_keys)(struct tagstore *store, int64_t project_id, int64_t group_id,
                                      struct error *error);
    bool (*delete_all_group_tag_values)(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error);
    bool (*update_group_for_events)(struct tagstore *store, const struct tag_place *destination,
                                    const struct tag_id_list *event_ids, struct error *error);
    bool (*update_group_tag_key_values_seen)(struct tagstore *store, int64_t project_id,
                                             const struct tag_id_list *group_ids,
                                             struct error *error);
    bool (*merge_group)(struct tagstore *store, int64_t project_id, int64_t group_id,
                        int64_t destination_group_id, struct error *error);
};

struct tagstore {
    const struct tagstore_operations *operations;
    int64_t patience_ms; /* tagstore_patience_ms */
};

/* For opening a cursor: asks estimate_values and tells the query's `expect`, if it has one. */
bool tagstore_tell_estimate(struct tagstore *store, const struct group_tag_value_query *query,
                            struct error *error) MUST_CHECK;

struct tagstore_cursor {
    struct tagstore *store;
    struct tagstore_extent extent; /* the backend sets the window while it opens */
    int64_t left;                  /* rows up to the caller's limit; not the backend's */
};

#endif
