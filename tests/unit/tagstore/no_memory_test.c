/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting when an allocation fails. Covers common/tagstore/snuba/sorter.c and sorter_run.c. */
#include "../no_memory.h"

#include "tagstore/snuba/sorter.h"

#ifdef EXPORTD_FAULTS

/* Sorts rows of more than 64 KiB; *memory is the bound of the sorter. */
static bool sort(const void *memory, struct error *error)
{
    struct arena *arena = arena_new((size_t)16 * 1024 * 1024);
    struct sorter *sorter = arena == NULL ? NULL : sorter_new("/tmp", *(const size_t *)memory);
    bool done = sorter != NULL || error_no_memory(error), found = true;
    for (int64_t i = 0; done && i < 2000; i++) {
        const struct group_tag_value row = {
            .value = "value", .value_size = 5, .times_seen = 1, .first_seen = i * 7919 % 1000};
        done = sorter_put(sorter, &row, error);
    }
    done = done && sorter_finish(sorter, error);
    while (done && found) {
        struct group_tag_value row;
        done = sorter_next(sorter, arena, &row, &found, error);
    }
    sorter_free(sorter);
    arena_free(arena);
    return done;
}

static void sorting(void **state)
{
    (void)state;
    static const size_t much = (size_t)8 * 1024 * 1024, little = (size_t)64 * 1024;
    assert_true(no_memory_run(sort, &much) > 3);
    assert_true(no_memory_run(sort, &little) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
