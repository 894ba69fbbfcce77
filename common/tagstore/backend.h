/* What a backend of the tagstore provides. Each operation does what the function of its name in
   tagstore.h promises. A backend's struct begins with struct tagstore, its cursor with struct
   tagstore_cursor. */
#ifndef TAGSTORE_BACKEND_H
#define TAGSTORE_BACKEND_H

#include "tagstore/tagstore.h"

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
    bool (*record)(struct tagstore *store, const struct tag_observation *observations, size_t count,
                   struct error *error);
};

struct tagstore {
    const struct tagstore_operations *operations;
};

struct tagstore_cursor {
    struct tagstore *store;
};

#endif
