/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd grants`: the rights that exportd needs, as SQL for PostgreSQL, and in its comments as
 * rules for Redis.
 * Tested by tests/system/test_grants.py.
 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/redis_rights.h"
#include "schema/migration.h"
#include "schema/privileges.h"

static bool print_privileges(struct pg *pg, const struct config *config,
                             const struct grant_names *names, struct error *error)
{
    struct pg_result *rows = NULL;
    if (!privileges_query(pg, config->tagstore, &rows, error))
        return false;
    bool done = true;
    for (int row = 0; done && row < pg_rows(rows); row++) {
        const struct privilege privilege = privilege_read(rows, row);
        done = privilege.rights != NULL || privilege_check(&privilege, error);
    }
    if (done)
        (void)printf("GRANT CONNECT ON DATABASE %s TO %s;\n", names->database, names->role);
    for (int row = 0; done && row < pg_rows(rows); row++) {
        const struct privilege privilege = privilege_read(rows, row);
        (void)printf("GRANT %s ON %s TO %s;\n", privilege.rights, privilege.object, names->role);
    }
    pg_result_free(rows);
    return done;
}

static bool print_rules(const struct config *config, int uses, const char *role,
                        struct error *error)
{
    const char *setting = (uses & REDIS_OF_QUEUE) != 0 ? "REDIS_URL" : "LOCK_REDIS_URL";
    (void)printf("-- The Redis of EXPORTD_%s, by redis-cli; add >PASSWORD:\n-- ", setting);
    if (!redis_rights_print(config, uses, role, error))
        return false;
    (void)putchar('\n');
    return true;
}

static bool print_all_rules(const struct config *config, const char *role, struct error *error)
{
    bool same = text_equal(config->redis_url, config->lock_redis_url);
    int of_queue = REDIS_OF_QUEUE | (same ? REDIS_OF_LOCKS : 0);
    return (!config_has_redis(config) || print_rules(config, of_queue, role, error)) &&
           (same || !config_has_lock_redis(config) ||
            print_rules(config, REDIS_OF_LOCKS, role, error));
}

bool command_grants(const struct config *config, int argc, char **argv, struct error *error)
{
    static const struct option_spec specs[] = {{.name = NULL}};
    const char *role = NULL;
    struct positional words = {.min = 1, .max = 1, .words = &role};
    struct grant_names names;
    struct pg *pg = NULL;
    bool done = options_parse(argc, argv, specs, &words, error) &&
                cli_connect_pg(config, &pg, error) && migration_check(pg, error) &&
                privileges_names(pg, role, &names, error) &&
                print_privileges(pg, config, &names, error) && print_all_rules(config, role, error);
    pg_free(pg);
    return done;
}
