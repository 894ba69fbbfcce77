/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/tagstore/methods_test.c and tests/system/test_snuba_export.py. */
#include "tagstore/snuba/snuba_tagstore.h"

#include "base/text.h"
#include "tagstore/snuba/operations.h"

static void free_store(struct tagstore *store)
{
    struct snuba_tagstore *snuba = (struct snuba_tagstore *)store;
    snuba_client_free(snuba->client);
    free(snuba->tmpdir);
    free(snuba);
}

static void interrupt(struct tagstore *store)
{
    struct snuba_tagstore *snuba = (struct snuba_tagstore *)store;
    snuba_client_interrupt(snuba->client);
    pg_interrupt(snuba->translator.pg);
}

static void resume(struct tagstore *store)
{
    snuba_client_resume(((struct snuba_tagstore *)store)->client);
}

/* No writes: Snuba gets its events through its own pipeline. */
static const struct tagstore_operations operations = {
    .free = free_store,
    .interrupt = interrupt,
    .resume = resume,
    .get_group_tag_key = snuba_get_group_tag_key,
    .get_group_tag_keys = snuba_get_group_tag_keys,
    .get_group_tag_value = snuba_get_group_tag_value,
    .open_group_tag_values = snuba_open_group_tag_values,
    .next_page = snuba_next_page,
    .close = snuba_close,
    .estimate_values = snuba_estimate_values,
    .get_group_list_tag_value = snuba_get_group_list_tag_value,
    .get_group_tag_value_count = snuba_get_group_tag_value_count,
    .get_top_group_tag_values = snuba_get_top_group_tag_values,
    .get_group_tag_keys_and_top_values = snuba_get_group_tag_keys_and_top_values,
    .get_first_release = snuba_get_first_release,
    .get_last_release = snuba_get_last_release,
    .get_release_tags = snuba_get_release_tags,
    .get_group_event_ids = snuba_get_group_event_ids,
    .get_group_ids_for_search_filter = snuba_get_group_ids_for_search_filter,
    .get_group_ids_for_users = snuba_get_group_ids_for_users,
    .get_group_tag_values_for_users = snuba_get_group_tag_values_for_users,
    .get_groups_user_counts = snuba_get_groups_user_counts,
};

bool snuba_tagstore_new(const struct snuba_settings *settings, struct pg *pg,
                        struct tagstore **store, struct error *error)
{
    const struct snuba_dialect *dialect = snuba_dialect_find(settings->dialect);
    *store = NULL;
    if (dialect == NULL)
        return error_set(error, ERROR_USAGE, "snuba has no dialect '%.40s'", settings->dialect);
    struct snuba_tagstore *snuba = memory_alloc(sizeof(*snuba));
    if (snuba == NULL)
        return error_no_memory(error);
    *snuba = (struct snuba_tagstore){
        .base = {.operations = &operations},
        .translator = {.pg = pg, .dialect = dialect, .retention_days = settings->retention_days},
        .tmpdir = text_duplicate(settings->tmpdir),
        .page_size_max = settings->page_size_max};
    bool done = snuba->tmpdir != NULL
                    ? snuba_client_new(settings->url, dialect, &snuba->client, error)
                    : error_no_memory(error);
    if (!done) {
        free_store(&snuba->base);
        return false;
    }
    snuba->base.patience_ms = snuba_client_patience_ms(snuba->client);
    *store = &snuba->base;
    return true;
}
