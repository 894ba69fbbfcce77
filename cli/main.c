/* SPDX-License-Identifier: Apache-2.0 */
/* exportd: settings, then one command. */
#include "cli/cli.h"

#include "base/fault.h"
#include "base/json.h"
#include "base/text.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct command *find_command(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (text_equal(command->name, name))
            return command;
    return NULL;
}

static void say(const char *prefix, const char *message)
{
    (void)fprintf(stderr, "exportd%s%s: ", prefix[0] == '\0' ? "" : " ", prefix);
    text_print(stderr, message);
    (void)fputc('\n', stderr);
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: exportd COMMAND ...; `exportd help` lists the commands\n");
    return EXIT_USAGE;
}

/* The next file or connection would get the number of a standard stream that is closed, and what is
   printed would go there. It gets one that can be neither read nor written. */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

/* Files that exportd makes are its user's own, whatever the umask; a closed pipe is an error of the
   write, not the end of the process. */
static void prepare_process(void)
{
    keep_standard_streams();
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setlocale(LC_ALL, "C");
    json_object_seed(0); /* before any thread parses */
}

static int fail(const struct command *command, const struct error *error, bool show_usage)
{
    say(command->name, error->message);
    if (error->code != ERROR_USAGE)
        return EXIT_FAILED;
    if (show_usage)
        (void)fprintf(stderr, "usage: exportd %s%s%s\n", command->name,
                      command->arguments[0] == '\0' ? "" : " ", command->arguments);
    return EXIT_USAGE;
}

/* SQLSTATE 42P01: a table is missing. */
static void advise(struct error *error)
{
    if (strstr(error->message, "PostgreSQL error 42P01") != NULL)
        error_prefix(error, "run `exportd migrate` first, or without a Sentry `exportd migrate "
                            "--standalone`");
}

static int run(const struct command *command, const struct config *config, int argc, char **argv)
{
    struct error error = {.code = ERROR_NONE};
    bool done = command->run(config, argc, argv, &error);
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && done)
        done = error_set(&error, ERROR_INTERNAL, "cannot write to standard output");
    if (done)
        return EXIT_DONE;
    advise(&error);
    return fail(command, &error, true);
}

/* Who looks up what a setting should be is not to be stopped by a wrong one. */
static bool needs_settings(const struct command *command)
{
    return command->run != command_help && command->run != command_version;
}

/* A wrong setting is said in one line: the command's usage has nothing to do with it. */
static int configure_and_run(const struct command *command, int argc, char **argv)
{
    struct config config = {.concurrency = 0};
    struct error error = {.code = ERROR_NONE};
    int status = EXIT_FAILED;
    if (!needs_settings(command))
        return run(command, &config, argc, argv);
    if (config_load(&config, &error) && cli_check_settings(&config, &error)) {
        log_setup(config_log_format(&config), config_log_level(&config));
        status = run(command, &config, argc, argv);
    } else {
        status = fail(command, &error, false);
    }
    config_free(&config);
    return status;
}

static bool asks_for_help(const char *argument)
{
    return text_equal(argument, "--help") || text_equal(argument, "-h");
}

/* `exportd COMMAND --help` is `exportd help COMMAND`. */
static int explain(char *command)
{
    char help[] = "help";
    char *words[] = {help, command, NULL};
    return configure_and_run(find_command(help), 2, words);
}

int main(int argc, char **argv)
{
    FAULT_PREPARE();
    prepare_process();
    if (argc < 2)
        return usage();
    const char *name = argv[1];
    if (asks_for_help(name))
        name = "help";
    else if (argc > 2 && asks_for_help(argv[2]))
        return explain(argv[1]);
    if (text_equal(name, "--version"))
        name = "version";
    const struct command *command = find_command(name);
    if (command == NULL) {
        say("", "unknown command; `exportd help` lists the commands");
        return EXIT_USAGE;
    }
    return configure_and_run(command, argc - 1, argv + 1);
}
