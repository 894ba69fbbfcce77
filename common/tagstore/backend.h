/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend of the tagstore provides: the export's cursor, and as many of the questions and
   writes as it can. Each operation does what the function of its name in tagstore.h promises. A
   backend's struct begins with struct tagstore, its cursor with struct tagstore_cursor. */
#ifndef TAGSTORE_BACKEND_H
#define TAGSTORE_BACKEND_H

#include "tagstore/tagstore.h"

/* The classes of rows, in the order in which writers lock them. */
enum tag_class { TAG_KEY, TAG_VALUE, GROUP_TAG_VALUE, GROUP_TAG_KEY, TAG_CLASSES };

struct tagstore_operations {
    /* The backend's name in the metrics, if the openings and pages of its cursors are its requests.
       NULL: it counts its requests itself. */
    const char *counted_as;

    /* ---- required ---- */

    void (*free)(struct tagstore *store);
    void (*interrupt)(struct tagstore *store);
    void (*resume)(struct tagstore *store); /* NULL: nothing to do */

    /* The export's cursor. A limit is one more than the caller's: the additional row only shows
       that there are more rows than the caller's limit. The caller does not get it. */
    bool (*open_group_tag_values)(struct tagstore *store, const struct group_tag_value_query *query,
                                  struct tagstore_cursor **cursor, struct error *error);
    bool (*next_page)(struct tagstore_cursor *cursor, struct group_tag_value_list *page,
                      struct error *error);
    void (*close)(struct tagstore_cursor *cursor);

    /* ---- questions; a NULL one fails with ERROR_QUERY ---- */

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

    /* These are called with at least one tag, condition, group, project, version or user, and
       without TAG_EMPTY. Each user has an attribute and its project; project_ids is empty. An
       attribute that is "" is NULL. */
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

    /* ---- writes; NULL for a backend that gets its data in another way: a write is accepted and
       dropped, and get_or_create returns a new row each time ---- */

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

/* For a cursor that opens: calls the query's `expect`, if it has one, with estimate_values. Does
   not call it if there is no estimate. */
bool tagstore_tell_estimate(struct tagstore *store, const struct group_tag_value_query *query,
                            struct error *error) MUST_CHECK;

struct tagstore_cursor {
    struct tagstore *store;
    struct tagstore_extent extent; /* the backend sets the window while it opens */
    int64_t left;                  /* rows up to the caller's limit; not used by the backend */
};

#endif
