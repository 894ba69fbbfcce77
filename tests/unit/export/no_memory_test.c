/* SPDX-License-Identifier: Apache-2.0 */
/* The payloads of exports when an allocation fails: each one in turn. */
#include "../no_memory.h"

#include "export/issues_by_tag_payload.h"
#include "export/payload.h"

#ifdef EXPORTD_FAULTS

static const char query_info[] =
    "{\"project_id\": \"1\", \"group_id\": \"7\", \"key\": \"k\\ud83d\", \"more\": [1.5, null]}";

/* Without memory, the error must not be "not a JSON object": that would be mailed to the user. */
static bool read_and_show(const void *text, struct error *error)
{
    struct issues_by_tag_payload payload;
    const char *shown = NULL;
    struct arena *arena = arena_new((size_t)1024 * 1024);
    bool done = arena != NULL ? issues_by_tag_payload_parse(text, arena, &payload, error) &&
                                    payload_print(text, "Discover", arena, &shown, error) &&
                                    issues_by_tag_payload_write(&payload, arena, &shown, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

static bool show(const void *text, struct error *error)
{
    const char *shown = NULL;
    struct arena *arena = arena_new((size_t)1024 * 1024);
    bool done = arena != NULL ? payload_print(text, "Discover", arena, &shown, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

static void payloads(void **state)
{
    (void)state;
    assert_true(no_memory_run(read_and_show, query_info) > 20);
    assert_true(no_memory_run(show, "[1, 2]") > 5);
    assert_true(no_memory_run(show, "no JSON") > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(payloads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
