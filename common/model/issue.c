/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_first_export.py. */
#include "model/issue.h"

#include "base/text.h"
#include "model/project.h"
#include "model/sentry_database.h"

/* Prints Sentry's qualified short id: the slug in capitals and the number in Crockford's base 32.
 */
static bool print_short_id(const char *slug, int64_t number, struct arena *arena,
                           const char **short_id, struct error *error)
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    char reversed[16];
    int count = 0;
    char *text = arena_alloc(arena, strlen(slug) + sizeof(reversed) + 2, error);
    if (text == NULL)
        return false;
    *short_id = text;
    for (; *slug != '\0'; slug++)
        *text++ = (char)(*slug >= 'a' && *slug <= 'z' ? *slug - 'a' + 'A' : *slug);
    *text++ = '-';
    for (; number > 0; number /= 32)
        reversed[count++] = digits[number % 32];
    while (count > 0)
        *text++ = reversed[--count];
    *text = '\0';
    return true;
}

static bool copy_text(const struct pg_result *result, int column, struct arena *arena,
                      const char **text, struct error *error)
{
    const char *value = pg_text(result, 0, column);
    *text = value == NULL ? NULL : arena_copy(arena, value, strlen(value), error);
    return value == NULL || *text != NULL;
}

static const char statement[] =
    "SELECT " DATABASE_IS_SENTRYS ", p.slug, g.short_id, left(g.message, 1000)"
    " FROM (SELECT 1) AS one"
    " LEFT JOIN sentry_project p ON p.id = $1::bigint AND p.organization_id = $3::bigint"
    " LEFT JOIN sentry_groupedmessage g ON p.id IS NOT NULL AND g.id = (" GROUP_WITH_REDIRECT ")";

bool issue_describe_add(struct pg_batch *batch, const struct issue_ids *ids, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, ids->project_id);
    pg_bind_int(&params, ids->group_id);
    pg_bind_int(&params, ids->organization_id);
    return pg_batch_add(batch, statement, &params, error);
}

bool issue_describe_read(const struct pg_result *reply, struct arena *arena, struct issue *issue,
                         struct error *error)
{
    int64_t number = pg_int(reply, 0, 2);
    *issue = (struct issue){.beside_sentry = text_equal(pg_text(reply, 0, 0), "t")};
    return copy_text(reply, 1, arena, &issue->project, error) &&
           copy_text(reply, 3, arena, &issue->title, error) &&
           (number <= 0 || issue->project == NULL ||
            print_short_id(issue->project, number, arena, &issue->short_id, error));
}
