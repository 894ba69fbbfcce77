/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_grouphash.py. */
#include "request/last_processed.h"

#include "model/grouphash.h"

static bool find_ids(struct pg *pg, int64_t project_id, const struct hash_question *question,
                     struct last_processed *list, struct error *error)
{
    struct arena *arena = question->arena;
    struct named_row *rows = arena_array(arena, question->count, sizeof(*rows), error);
    int64_t *groups = arena_array(arena, question->count, sizeof(*groups), error);
    if (rows == NULL || groups == NULL)
        return false;
    for (size_t i = 0; i < question->count; i++)
        rows[i] = (struct named_row){project_id, question->hashes[i], 0};
    size_t count = named_rows_sort(rows, question->count);
    if (!grouphash_read(pg, rows, groups, count, error))
        return false;
    for (size_t i = 0; i < question->count; i++)
        list[i] = (struct last_processed){
            .project_id = project_id,
            .grouphash_id = rows[named_rows_find(rows, count, project_id, question->hashes[i])].id};
    return true;
}

bool request_last_processed(const struct request_context *context,
                            const struct hash_question *question, struct last_processed **list,
                            struct error *error)
{
    int64_t project_id = 0;
    int64_t organization_id = 0;
    if (!request_find_project(context, &question->project, &project_id, &organization_id, error))
        return false;
    *list = arena_array(question->arena, question->count, sizeof(**list), error);
    return *list != NULL && find_ids(context->pg, project_id, question, *list, error) &&
           last_processed_fetch(context->redis, *list, question->count, question->arena, error);
}
