/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "schema/migration.h"

bool command_migrate(const struct config *config, int argc, char **argv, struct error *error)
{
    bool standalone = false;
    const struct option_spec specs[] = {
        {"standalone", 0, false, OPTION_SWITCH, &standalone, 0, 0},
        {.name = NULL},
    };
    struct pg *pg = NULL;
    int applied = 0;
    if (!options_parse(argc, argv, specs, NULL, error) || !cli_connect_pg(config, &pg, error))
        return false;
    bool done = migration_apply(pg, standalone, &applied, error);
    pg_free(pg);
    /* Also before a failure: those stay. */
    if (applied > 0)
        (void)printf("applied %d migration%s\n", applied, text_plural(applied));
    else if (done)
        (void)printf("nothing to apply\n");
    return done;
}
