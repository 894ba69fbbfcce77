/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. Each command is a file of this folder with one function; commands.c lists them.
 * A command prints its results to standard output and everything else to standard error. It returns
 * true when it is done, or false with *error. The exit status follows from the error's code alone
 * (exit_status_of in main.c).
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "client/pg.h"
#include "client/redis.h"
#include "config/config.h"
#include "request/caller.h"
#include "storage/upload_lock.h"

/* argv[0] is the command's name. */
typedef bool command_function(const struct config *config, int argc, char **argv,
                              struct error *error);

struct command {
    const char *name;
    const char *arguments; /* as in the usage line */
    const char *summary;   /* one line */
    const char *help; /* the rest of `exportd help COMMAND`, with an example; ends in a newline */
    command_function *run;
};

/* All commands. An entry without a name ends the list. */
extern const struct command commands[];

command_function command_migrate, command_config, command_create, command_worker, command_enqueue,
    command_estimate, command_status, command_download, command_cleanup, command_tag_export,
    command_ingest, command_mail, command_queue, command_quota, command_rescue, command_cancel,
    command_retry, command_delete, command_purge, command_audit, command_grouphash, command_check,
    command_grants, command_group, command_tagstore, command_help, command_version;

/* Checks the URLs of servers as their clients read them, which config_load cannot do. Connects to
   nothing. */
bool cli_check_settings(const struct config *config, struct error *error) MUST_CHECK;

/* The same, but goes on after a fault. */
void cli_find_wrong_urls(const struct config *config, const struct config_faults *faults);

/* For a command that writes to the tagstore in PostgreSQL: ERROR_USAGE if the settings name another
   one, because exports would not show what is written. */
bool cli_check_embedded_tagstore(const struct config *config, struct error *error) MUST_CHECK;

/* Counts something for the StatsD of the settings, if there is one (client/statsd.h). */
void cli_count(const struct config *config, const char *name, const char *query_type_or_null);

/* The operator as a caller. Its name in the audit is "cli:" and the user of the operating system.
 */
struct caller cli_operator(void);

/* Connect to the server that the settings name. The caller frees the connection. */
bool cli_connect_pg(const struct config *config, struct pg **pg, struct error *error) MUST_CHECK;
bool cli_connect_redis(const struct config *config, struct redis **redis,
                       struct error *error) MUST_CHECK;
bool cli_connect_lock_redis(const struct config *config, struct redis **redis,
                            struct error *error) MUST_CHECK;

/* Opens the upload locks, in the Redis that the settings name or else over `pg`, and claims this
   kind of locks for the database (upload_lock_kind_settle). Close them with upload_locks_close,
   also after an error. */
bool cli_open_locks(const struct config *config, struct pg *pg, struct upload_locks *locks,
                    struct error *error) MUST_CHECK;

#endif
