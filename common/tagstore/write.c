/* SPDX-License-Identifier: Apache-2.0 */
/* The writes. A write that the backend does not have is accepted and dropped: the backend gets its
   data in another way. */
#include "tagstore/backend.h"

bool tagstore_prepare(struct tagstore *store, const struct tag_observation_list *observations,
                      struct error *error)
{
    return store->operations->prepare == NULL ||
           store->operations->prepare(store, observations, error);
}

bool tagstore_record(struct tagstore *store, const struct tag_observation_list *observations,
                     struct error *error)
{
    return store->operations->record == NULL ||
           store->operations->record(store, observations, error);
}

/* Without tables each row is new and never seen. */
static bool get_or_create_row(struct tagstore *store, enum tag_class class,
                              const struct tag_place *place, struct tag_row *row,
                              struct error *error)
{
    if (store->operations->get_or_create != NULL)
        return store->operations->get_or_create(store, class, place, row, error);
    *row = (struct tag_row){.first_seen = USEC_NONE, .last_seen = USEC_NONE, .created = true};
    return true;
}

static bool create_row(struct tagstore *store, enum tag_class class, const struct tag_place *place,
                       struct tag_row *row, struct error *error)
{
    return get_or_create_row(store, class, place, row, error) &&
           (row->created || error_set(error, ERROR_CONFLICT, "the row is in the tagstore already"));
}

bool tagstore_get_or_create_tag_key(struct tagstore *store, const struct tag_place *place,
                                    struct tag_row *row, struct error *error)
{
    return get_or_create_row(store, TAG_KEY, place, row, error);
}

bool tagstore_get_or_create_tag_value(struct tagstore *store, const struct tag_place *place,
                                      struct tag_row *row, struct error *error)
{
    return get_or_create_row(store, TAG_VALUE, place, row, error);
}

bool tagstore_get_or_create_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                          struct tag_row *row, struct error *error)
{
    return get_or_create_row(store, GROUP_TAG_KEY, place, row, error);
}

bool tagstore_get_or_create_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                            struct tag_row *row, struct error *error)
{
    return get_or_create_row(store, GROUP_TAG_VALUE, place, row, error);
}

bool tagstore_create_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_row *row, struct error *error)
{
    return create_row(store, TAG_KEY, place, row, error);
}

bool tagstore_create_tag_value(struct tagstore *store, const struct tag_place *place,
                               struct tag_row *row, struct error *error)
{
    return create_row(store, TAG_VALUE, place, row, error);
}

bool tagstore_create_group_tag_key(struct tagstore *store, const struct tag_place *place,
                                   struct tag_row *row, struct error *error)
{
    return create_row(store, GROUP_TAG_KEY, place, row, error);
}

bool tagstore_create_group_tag_value(struct tagstore *store, const struct tag_place *place,
                                     struct tag_row *row, struct error *error)
{
    return create_row(store, GROUP_TAG_VALUE, place, row, error);
}

bool tagstore_create_event_tags(struct tagstore *store, const struct tag_observation *event,
                                const struct tag_list *tags, struct error *error)
{
    return store->operations->create_event_tags == NULL ||
           store->operations->create_event_tags(store, event, tags, error);
}

bool tagstore_incr_tag_value_times_seen(struct tagstore *store, const struct tag_place *place,
                                        const struct tag_increment *increment, struct error *error)
{
    return store->operations->incr_times_seen == NULL ||
           store->operations->incr_times_seen(store, TAG_VALUE, place, increment, error);
}

bool tagstore_incr_group_tag_value_times_seen(struct tagstore *store, const struct tag_place *place,
                                              const struct tag_increment *increment,
                                              struct error *error)
{
    return store->operations->incr_times_seen == NULL ||
           store->operations->incr_times_seen(store, GROUP_TAG_VALUE, place, increment, error);
}

bool tagstore_delete_tag_key(struct tagstore *store, const struct tag_place *place,
                             struct tag_id_list *deleted, struct error *error)
{
    deleted->count = 0;
    return store->operations->delete_tag_key == NULL ||
           store->operations->delete_tag_key(store, place, deleted, error);
}

bool tagstore_delete_all_group_tag_keys(struct tagstore *store, int64_t project_id,
                                        int64_t group_id, struct error *error)
{
    return store->operations->delete_all_group_tag_keys == NULL ||
           store->operations->delete_all_group_tag_keys(store, project_id, group_id, error);
}

bool tagstore_delete_all_group_tag_values(struct tagstore *store, int64_t project_id,
                                          int64_t group_id, struct error *error)
{
    return store->operations->delete_all_group_tag_values == NULL ||
           store->operations->delete_all_group_tag_values(store, project_id, group_id, error);
}

bool tagstore_update_group_for_events(struct tagstore *store, const struct tag_place *destination,
                                      const struct tag_id_list *event_ids, struct error *error)
{
    return store->operations->update_group_for_events == NULL ||
           store->operations->update_group_for_events(store, destination, event_ids, error);
}

bool tagstore_update_group_tag_key_values_seen(struct tagstore *store, int64_t project_id,
                                               const struct tag_id_list *group_ids,
                                               struct error *error)
{
    return store->operations->update_group_tag_key_values_seen == NULL ||
           store->operations->update_group_tag_key_values_seen(store, project_id, group_ids, error);
}

bool tagstore_merge_group(struct tagstore *store, int64_t project_id, int64_t group_id,
                          int64_t destination_group_id, struct error *error)
{
    return store->operations->merge_group == NULL ||
           store->operations->merge_group(store, project_id, group_id, destination_group_id, error);
}
