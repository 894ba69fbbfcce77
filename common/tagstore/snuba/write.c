/* Writing: events reach a Snuba through a pipeline of their own. Nothing is written, nothing is
   counted, nothing is there to be deleted (spec/tagstore.md, "Write methods"). */
#include "tagstore/snuba/operations.h"

bool snuba_prepare(struct tagstore *store, const struct tag_observation *observations, size_t count,
                   struct error *error)
{
    (void)store, (void)observations, (void)count, (void)error;
    return true;
}

bool snuba_record(struct tagstore *store, const struct tag_observation *observations, size_t count,
                  struct error *error)
{
    (void)store, (void)observations, (void)count, (void)error;
    return true;
}

/* A row that was never seen; each time a new one, since none is kept. */
bool snuba_get_or_create(struct tagstore *store, enum tag_class class,
                         const struct tag_place *place, struct tag_row *row, bool *created,
                         struct error *error)
{
    (void)store, (void)class, (void)place, (void)error;
    *row = (struct tag_row){.first_seen = USEC_NONE, .last_seen = USEC_NONE};
    *created = true;
    return true;
}

bool snuba_incr_times_seen(struct tagstore *store, enum tag_class class,
                           const struct tag_place *place, const struct tag_increment *increment,
                           struct error *error)
{
    (void)store, (void)class, (void)place, (void)increment, (void)error;
    return true;
}

bool snuba_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                             const struct tag *tags, size_t count, struct error *error)
{
    (void)store, (void)event, (void)tags, (void)count, (void)error;
    return true;
}

bool snuba_delete_tag_key(struct tagstore *store, int64_t project_id, const char *key,
                          struct arena *arena, int64_t **deleted, size_t *count,
                          struct error *error)
{
    (void)store, (void)project_id, (void)key, (void)arena, (void)error;
    *deleted = NULL;
    *count = 0;
    return true;
}

bool snuba_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id, int64_t group_id,
                                     struct error *error)
{
    (void)store, (void)project_id, (void)group_id, (void)error;
    return true;
}

bool snuba_delete_all_group_tag_values(struct tagstore *store, int64_t project_id, int64_t group_id,
                                       struct error *error)
{
    (void)store, (void)project_id, (void)group_id, (void)error;
    return true;
}

bool snuba_update_group_for_events(struct tagstore *store, int64_t project_id,
                                   const int64_t *event_ids, size_t count,
                                   int64_t destination_group_id, struct error *error)
{
    (void)store, (void)project_id, (void)event_ids, (void)count, (void)destination_group_id;
    (void)error;
    return true;
}

bool snuba_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                            const int64_t *group_ids, size_t count,
                                            struct error *error)
{
    (void)store, (void)project_id, (void)group_ids, (void)count, (void)error;
    return true;
}

bool snuba_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                       int64_t destination_group_id, struct error *error)
{
    (void)store, (void)project_id, (void)group_id, (void)destination_group_id, (void)error;
    return true;
}
