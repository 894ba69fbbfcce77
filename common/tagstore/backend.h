/* What a backend of the tagstore provides. Each operation does what the function of its name in
   tagstore.h promises. A backend's struct begins with struct tagstore, its cursor with struct
   tagstore_cursor. */
#ifndef TAGSTORE_BACKEND_H
#define TAGSTORE_BACKEND_H

#include "tagstore/tagstore.h"

/* The kinds of rows, in the order in which writers lock them. */
enum tag_class { TAG_KEY, TAG_VALUE, GROUP_TAG_VALUE, GROUP_TAG_KEY, TAG_CLASSES };

struct tagstore_operations {
    void (*free)(struct tagstore *store);
    bool (*get_tag_key)(struct tagstore *store, int64_t project_id, int64_t environment_id,
                        const char *key, struct arena *arena, struct tag_key *tag_key,
                        struct error *error);
    bool (*open_group_tag_values)(struct tagstore *store, const struct group_tag_value_query *query,
                                  struct tagstore_cursor **cursor, struct error *error);
    bool (*next_page)(struct tagstore_cursor *cursor, struct arena *arena,
                      struct group_tag_value **rows, size_t *count, struct error *error);
    void (*close)(struct tagstore_cursor *cursor);
    bool (*prepare)(struct tagstore *store, const struct tag_observation *observations,
                    size_t count, struct error *error);
    bool (*record)(struct tagstore *store, const struct tag_observation *observations, size_t count,
                   struct error *error);

    /* writing: get_or_create_* and create_* of the class; incr_*_times_seen of a class of values */
    bool (*get_or_create)(struct tagstore *store, enum tag_class class,
                          const struct tag_place *place, struct tag_row *row, bool *created,
                          struct error *error);
    bool (*incr_times_seen)(struct tagstore *store, enum tag_class class,
                            const struct tag_place *place, const struct tag_increment *increment,
                            struct error *error);
    bool (*create_event_tags)(struct tagstore *store, const struct tag_observation *event,
                              const struct tag *tags, size_t count, struct error *error);
    bool (*delete_tag_key)(struct tagstore *store, int64_t project_id, const char *key,
                           struct arena *arena, int64_t **deleted, size_t *count,
                           struct error *error);
    bool (*delete_all_group_tag_keys)(struct tagstore *store, int64_t project_id, int64_t group_id,
                                      struct error *error);
    bool (*delete_all_group_tag_values)(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error);
    bool (*update_group_for_events)(struct tagstore *store, int64_t project_id,
                                    const int64_t *event_ids, size_t count,
                                    int64_t destination_group_id, struct error *error);
    bool (*update_group_tag_key_values_seen)(struct tagstore *store, int64_t project_id,
                                             const int64_t *group_ids, size_t count,
                                             struct error *error);
    bool (*merge_group)(struct tagstore *store, int64_t project_id, int64_t group_id,
                        int64_t destination_group_id, struct error *error);
};

struct tagstore {
    const struct tagstore_operations *operations;
};

struct tagstore_cursor {
    struct tagstore *store;
};

#endif
