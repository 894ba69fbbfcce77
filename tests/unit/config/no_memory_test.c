/* SPDX-License-Identifier: Apache-2.0 */
/* config.c and environment.c without memory. */
#include "../no_memory.h"

#include "config/config.h"

#ifdef EXPORTD_FAULTS

static bool load_settings(const void *context, struct error *error)
{
    (void)context;
    struct config config;
    bool done = config_load(NULL, &config, error);
    config_free(&config);
    return done;
}

static void settings(void **state)
{
    (void)state;
    assert_int_equal(setenv("EXPORTD_SAMPLED_PROJECTS", "1,7", 1), 0);
    assert_true(no_memory_run(load_settings, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
