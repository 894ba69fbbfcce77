/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands in each of their forms. Completion offers the words of a command's usage: its
 * options, and the words that are no placeholders. Tested by tests/system/test_cli_contract.py and
 * tests/system/test_packaging.py.
 */
#include "cli/cli.h"
#include "cli/help.h"

#include <ctype.h>

#define EXIT_STATUS                                                                                \
    "Exit status: 0 done, 1 it failed (the reason is on standard error), 2 wrong usage,\n"         \
    "3 there is no such thing, 4 a server (or memory, or room on a disk) is away.\n"

/* ---- a terminal ---- */

void help_commands_text(void)
{
    (void)printf("exportd runs the data exports of a Sentry installation.\n\ncommands:\n");
    for (const struct command *command = commands; command->name != NULL; command++)
        (void)printf("  %-11s %s\n", command->name, command->summary);
    (void)printf(
        "\n`exportd help COMMAND` explains one, `exportd help config` the settings.\n" EXIT_STATUS);
}

/* ---- a page of the manual ---- */

void help_print_troff(const char *text)
{
    bool at_start = true;
    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\''))
            (void)fputs("\\&", stdout);
        if (*text == '\\' || *text == '-' || *text == '`')
            (void)fputs(*text == '\\' ? "\\e" : *text == '-' ? "\\-" : "\\(ga", stdout);
        else
            (void)putchar(*text);
        at_start = *text == '\n';
    }
}

static void print_preformatted(const char *text)
{
    (void)puts(".nf");
    help_print_troff(text);
    (void)puts("\n.fi");
}

static void print_command_man(const struct command *command)
{
    (void)printf(".SS exportd %s\n", command->name);
    help_print_troff(command->summary);
    (void)puts(".\n.PP");
    (void)printf(".nf\n.B exportd %s ", command->name);
    help_print_troff(command->arguments);
    (void)puts("\n.fi");
    if (command->help[0] != '\0')
        print_preformatted(command->help);
}

void help_commands_man(void)
{
    (void)puts(
        ".TH EXPORTD 1 \"\" \"exportd " EXPORTD_VERSION "\" \"User Commands\"\n"
        ".SH NAME\n"
        "exportd \\- runs the data exports of a Sentry installation\n"
        ".SH SYNOPSIS\n"
        ".B exportd\n"
        ".RB [ \\-\\-config\n"
        ".IR FILE ]\n"
        ".I COMMAND\n"
        ".RI [ ARGUMENTS ]\n"
        ".SH DESCRIPTION\n"
        "exportd takes export jobs from a queue in PostgreSQL, writes their files, stores them,\n"
        "and mails their users. Programs ask for exports through Redis as Celery does, people by\n"
        "the command line. Settings are explained in\n"
        ".BR exportd (5).\n"
        ".SH COMMANDS");
    for (const struct command *command = commands; command->name != NULL; command++)
        print_command_man(command);
    (void)puts(
        ".SH EXIT STATUS\n"
        "0: done. 1: it failed; the reason is on standard error. 2: wrong usage. 3: there is\n"
        "no such thing. 4: a server (or memory, or room on a disk) is away.\n"
        ".SH FILES\n"
        ".I " CONFIG_DEFAULT_FILE "\n"
        ".SH SEE ALSO\n"
        ".BR exportd (5)");
}

/* ---- completion ---- */

/* A word of a usage that is typed as it stands: an option, or a word in lower case. */
static bool is_typed(const char *word, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (isupper((unsigned char)word[i]) || word[i] == '.' || word[i] == '\xe2')
            return false;
    return size > 1;
}

/* Prints what may be typed after a command, each once, with blanks between. */
static void print_words(const struct command *command)
{
    static const char between[] = " \n[]|()=,";
    const char *all = command->arguments;
    for (const char *word = all + strspn(all, between); *word != '\0';
         word += strspn(word, between)) {
        size_t size = strcspn(word, between);
        bool repeated = false;
        for (const char *before = all; before < word && !repeated; before++)
            repeated = (before == all || strchr(between, before[-1]) != NULL) &&
                       strncmp(before, word, size) == 0 && strchr(between, before[size]) != NULL;
        bool is_name =
            strncmp(word, "exportd", size) == 0 || strncmp(word, command->name, size) == 0;
        if (!repeated && !is_name && is_typed(word, size))
            (void)printf(" %.*s", (int)size, word);
        word += size;
    }
}

void help_commands_bash(void)
{
    (void)puts("# Completion of exportd for bash.\n"
               "_exportd() {\n"
               "    local command=${COMP_WORDS[1]} words\n"
               "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
               "        command=\n"
               "    fi\n"
               "    case $command in");
    for (const struct command *command = commands; command->name != NULL; command++) {
        (void)printf("    %s) words=\"--help", command->name);
        print_words(command);
        (void)puts("\" ;;");
    }
    (void)fputs("    *) words=\"--config", stdout);
    for (const struct command *command = commands; command->name != NULL; command++)
        (void)printf(" %s", command->name);
    (void)puts(
        "\" ;;\n"
        "    esac\n"
        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
        "}\n"
        "complete -o default -F _exportd exportd");
}

void help_commands_zsh(void)
{
    (void)puts("#compdef exportd\n"
               "# Completion of exportd for zsh.\n"
               "local -a list\n"
               "if (( CURRENT == 2 )); then\n"
               "    list=(");
    for (const struct command *command = commands; command->name != NULL; command++)
        (void)printf("        \"%s:%s\"\n", command->name, command->summary);
    (void)puts("    )\n"
               "    _describe command list\n"
               "    return\n"
               "fi\n"
               "case $words[2] in");
    for (const struct command *command = commands; command->name != NULL; command++) {
        (void)printf("%s) list=(--help", command->name);
        print_words(command);
        (void)puts(") ;;");
    }
    (void)puts("esac\n"
               "_alternative \"words:word:($list)\" \"files:file:_files\"");
}
