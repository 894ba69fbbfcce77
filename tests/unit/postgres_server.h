/* SPDX-License-Identifier: Apache-2.0 */
/* A private PostgreSQL for a test: on a Unix socket in a temporary folder, migrated, without
 * fsync. */
#ifndef TEST_POSTGRES_SERVER_H
#define TEST_POSTGRES_SERVER_H

#include "base/clock.h"
#include "base/text.h"
#include "client/pg.h"
#include "schema/migration.h"

#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct postgres_server {
    char folder[64];
    char url[256];
    pid_t pid;
};

/* PostgreSQL refuses to run as root. */
static void become_postgres(void)
{
    const struct passwd *account = getpwnam("postgres");
    if (geteuid() == 0 && (account == NULL || initgroups("postgres", account->pw_gid) != 0 ||
                           setgid(account->pw_gid) != 0 || setuid(account->pw_uid) != 0))
        _exit(126);
}

/* Runs the program `name` of the newest installed PostgreSQL. arguments[0] is set to its full path:
   without a folder in argv[0], initdb looks for itself and for postgres in PATH, where Debian does
   not put them. */
static void run_postgres_program(const char *name, char **arguments, const char *log)
{
    char pattern[128];
    glob_t found;
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    become_postgres();
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT); /* a change of the user has reset it */
    (void)snprintf(pattern, sizeof(pattern), "/usr/lib/postgresql/*/bin/%s", name);
    if (out < 0 || chdir("/") != 0 || glob(pattern, 0, NULL, &found) != 0)
        _exit(126);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    arguments[0] = found.gl_pathv[found.gl_pathc - 1];
    (void)execv(arguments[0], arguments);
    _exit(127);
}

static pid_t start_postgres_program(const char *name, char **arguments, const char *log)
{
    pid_t pid = fork();
    if (pid == 0)
        run_postgres_program(name, arguments, log);
    return pid;
}

static bool init_cluster(const struct postgres_server *server, const char *log)
{
    char data[96];
    int status = -1;
    (void)snprintf(data, sizeof(data), "--pgdata=%s/data", server->folder);
    char username[] = "--username=postgres";
    char auth[] = "--auth=trust";
    char locale[] = "--locale=C.UTF-8";
    char encoding[] = "--encoding=UTF8";
    char no_sync[] = "--no-sync";
    char *arguments[] = {NULL, data, username, auth, locale, encoding, no_sync, NULL};
    pid_t pid = start_postgres_program("initdb", arguments, log);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool migrate_server(const struct postgres_server *server, struct error *error)
{
    int applied = 0;
    struct pg *pg = pg_new(server->url, "test");
    bool done = pg != NULL && pg_connect(pg, error) && migration_apply(pg, true, &applied, error);
    pg_free(pg);
    return done;
}

/* False, with a line on standard error, if the server does not start. */
static bool postgres_server_start(struct postgres_server *server)
{
    struct error error = {.message = "initdb failed"};
    const struct passwd *account = getpwnam("postgres");
    char data[128];
    char socket_folder[128];
    char log[96];
    if (!text_copy(server->folder, sizeof(server->folder), "/tmp/exportd-pg-XXXXXX") ||
        mkdtemp(server->folder) == NULL ||
        (geteuid() == 0 &&
         (account == NULL || chown(server->folder, account->pw_uid, account->pw_gid) != 0)))
        return false;
    (void)snprintf(log, sizeof(log), "%s/log", server->folder);
    (void)snprintf(server->url, sizeof(server->url), "host=%s user=postgres dbname=postgres",
                   server->folder);
    (void)snprintf(data, sizeof(data), "-D%s/data", server->folder);
    (void)snprintf(socket_folder, sizeof(socket_folder), "-k%s", server->folder);
    char no_address[] = "--listen_addresses=";
    char no_sync[] = "--fsync=off";
    char timezone[] = "--timezone=Europe/Berlin";
    char *arguments[] = {NULL, data, socket_folder, no_address, no_sync, timezone, NULL};
    bool up = init_cluster(server, log);
    if (up)
        server->pid = start_postgres_program("postgres", arguments, log);
    int64_t deadline = clock_monotonic_ms() + 20000;
    while (up && !migrate_server(server, &error)) {
        up = clock_monotonic_ms() < deadline;
        clock_sleep_ms(50);
    }
    if (!up)
        (void)fprintf(stderr, "%s: %s\n", log, error.message);
    return up;
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *level)
{
    (void)status;
    (void)flag;
    (void)level;
    return remove(path);
}

static void postgres_server_stop(struct postgres_server *server)
{
    if (server->pid > 0) {
        (void)kill(server->pid, SIGQUIT);
        (void)waitpid(server->pid, NULL, 0);
    }
    (void)nftw(server->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- statements ---- */

static void run_sql(struct pg *pg, const char *sql)
{
    struct error error;
    if (!pg_script(pg, sql, &error))
        fail_msg("%s: %s", sql, error.message);
}

/* The first column of the only row must be `expected`. */
static inline void expect_sql(struct pg *pg, const char *sql, const char *expected)
{
    struct error error;
    struct pg_result *result = NULL;
    if (!pg_query(pg, sql, NULL, &result, &error))
        fail_msg("%s: %s", sql, error.message);
    assert_int_equal(pg_rows(result), 1);
    const char *text = pg_text(result, 0, 0);
    assert_string_equal(text == NULL ? "NULL" : text, expected);
    pg_result_free(result);
}

#endif
