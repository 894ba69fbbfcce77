/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program: loads the settings and runs one command.
 * Tested by tests/system/test_cli_contract.py.
 */
#include "cli/cli.h"

#include "base/fault.h"
#include "base/json.h"
#include "base/text.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* README and `exportd help` explain them. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_FOUND = 3, EXIT_AWAY = 4 };

static const struct command *find_command(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (text_equal(command->name, name))
            return command;
    return NULL;
}

/* "exportd PREFIX: message" on standard error. */
static void print_message(const char *prefix, const char *message)
{
    (void)fprintf(stderr, "exportd%s%s: ", prefix[0] == '\0' ? "" : " ", prefix);
    text_print(stderr, message);
    (void)fputc('\n', stderr);
}

static int refuse_no_command(void)
{
    (void)fprintf(
        stderr, "usage: exportd [--config FILE] COMMAND ...; `exportd help` lists the commands\n");
    return EXIT_USAGE;
}

/* A closed standard stream leaves its number free. The next file or connection would take the
   number, and printed text would go there. So the number is given to /dev/null, opened in the wrong
   direction: reading and writing still fail. */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

/* Files that exportd makes belong to its user alone, whatever the umask. Writing to a closed pipe
   is an error of the write and does not end the process. */
static void prepare_process(void)
{
    keep_standard_streams();
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setlocale(LC_ALL, "C");
    json_object_seed(0); /* before any thread parses */
}

static int exit_status_of(enum error_code code)
{
    switch (code) {
    case ERROR_USAGE:
        return EXIT_USAGE;
    case ERROR_NOT_FOUND:
    case ERROR_NO_SUBJECT:
        return EXIT_NOT_FOUND;
    case ERROR_AWAY:
    case ERROR_ANSWER:
        return EXIT_AWAY;
    default:
        return EXIT_FAILED;
    }
}

static int report_failure(const struct command *command, const struct error *error, bool show_usage)
{
    print_message(command->name, error->message);
    if (error->code == ERROR_USAGE && show_usage)
        (void)fprintf(stderr, "usage: exportd %s%s%s\n", command->name,
                      command->arguments[0] == '\0' ? "" : " ", command->arguments);
    return exit_status_of(error->code);
}

/* SQLSTATE 42P01: a table is missing. */
static void advise_migrate(struct error *error)
{
    if (strstr(error->message, "PostgreSQL error 42P01") != NULL)
        error_prefix(error, "run `exportd migrate` first, or without a Sentry `exportd migrate "
                            "--standalone`");
}

/* Output that cannot be written makes the command fail, even when it was done. */
static int run_command(const struct command *command, const struct config *config, int argc,
                       char **argv, bool show_usage)
{
    struct error error = {.code = ERROR_NONE};
    bool done = command->run(config, argc, argv, &error);
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && done)
        done = error_set(&error, ERROR_INTERNAL, "cannot write to standard output");
    if (done)
        return EXIT_DONE;
    advise_migrate(&error);
    return report_failure(command, &error, show_usage);
}

/* Help works in spite of a wrong setting: it explains what the setting should be. */
static bool needs_settings(const struct command *command)
{
    return command->run != command_help && command->run != command_version;
}

/* A wrong setting is reported in one line, without the usage of the command. */
static int configure_and_run(const char *file, const struct command *command, int argc, char **argv)
{
    struct config config = {.concurrency = 0};
    struct error error = {.code = ERROR_NONE};
    int status = EXIT_FAILED;
    if (!needs_settings(command))
        return run_command(command, &config, argc, argv, true);
    if (config_load(file, &config, &error) && cli_check_settings(&config, &error)) {
        log_setup(config_log_format(&config), config_log_level(&config));
        status = run_command(command, &config, argc, argv, true);
    } else if (command->run == command_check) {
        status = run_command(command, &config, argc, argv, false); /* names all that are wrong */
    } else {
        status = report_failure(command, &error, false);
    }
    config_free(&config);
    return status;
}

static bool asks_for_help(const char *argument)
{
    return text_equal(argument, "--help") || text_equal(argument, "-h");
}

/* `exportd COMMAND --help` is `exportd help COMMAND`. */
static int explain_command(char *command)
{
    char help[] = "help";
    char *words[] = {help, command, NULL};
    return configure_and_run(NULL, find_command(help), 2, words);
}

/* Takes `--config FILE` or `--config=FILE` from the words before the command. */
static bool take_config_file(int *argc, char ***argv, const char **file)
{
    const char *option = "--config";
    const char *word = *argc > 1 ? (*argv)[1] : "";
    size_t size = strlen(option);
    bool is_joined = strncmp(word, option, size) == 0 && word[size] == '=';
    int taken = is_joined ? 1 : text_equal(word, option) ? 2 : 0;
    if (taken == 0)
        return true;
    if (taken >= *argc || (is_joined ? word + size + 1 : (*argv)[2])[0] == '\0')
        return false;
    *file = is_joined ? word + size + 1 : (*argv)[2];
    *argc -= taken;
    *argv += taken;
    return true;
}

int main(int argc, char **argv)
{
    const char *file = NULL;
    FAULT_PREPARE();
    prepare_process();
    if (!take_config_file(&argc, &argv, &file) || argc < 2)
        return refuse_no_command();
    const char *name = argv[1];
    if (asks_for_help(name))
        name = "help";
    for (int i = 2; i < argc && !text_equal(argv[i], "--"); i++)
        if (asks_for_help(argv[i]))
            return explain_command(argv[1]);
    if (text_equal(name, "--version"))
        name = "version";
    const struct command *command = find_command(name);
    if (command == NULL) {
        print_message("", "unknown command; `exportd help` lists the commands");
        return EXIT_USAGE;
    }
    return configure_and_run(file, command, argc - 1, argv + 1);
}
