/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_cli_contract.py and tests/system/test_documents.py. */
#include "cli/help_config.h"

#include "config/config.h"

enum { WIDTH = 100 }; /* of the lines that are printed */

/* Prints the words of `text` in lines of at most WIDTH columns, all of them after `indent`. */
static void print_wrapped(const char *text, const char *indent)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, " ");
        bool begins = column == 0 || column + 1 + size > WIDTH;
        if (begins && column > 0)
            (void)putchar('\n');
        (void)printf("%s%.*s", begins ? indent : " ", (int)size, text);
        column = begins ? strlen(indent) + size : column + 1 + size;
        text += size;
        text += strspn(text, " ");
    }
    (void)putchar('\n');
}

/* ---- a terminal ---- */

void help_config_text(void)
{
    size_t at = 0;
    struct config_setting setting;
    (void)puts(
        "Settings are environment variables. Those marked * are secrets and can also be read\n"
        "from a file: NAME_FILE=/path instead of NAME.");
    while (config_next_setting(&at, &setting)) {
        if (setting.section != NULL)
            (void)printf("\n%s\n\n", setting.section);
        (void)printf("%s%s\n", setting.name, setting.secret ? " *" : "");
        print_wrapped(setting.meaning, "    ");
        (void)printf("    default: %s\n",
                     setting.fallback[0] == '\0' ? "(empty)" : setting.fallback);
    }
}

/* ---- Markdown ---- */

/* The values that a setting may have, if they can be listed. */
static void print_values(const struct config_setting *setting)
{
    const char *word = setting->words;
    if (setting->min < setting->max)
        (void)printf("* values: %" PRId64 " to %" PRId64 "\n", setting->min, setting->max);
    if (word[0] == '\0')
        return;
    (void)fputs("* values:", stdout);
    for (word++; *word != '\0'; word += strcspn(word, " ") + 1)
        (void)printf("%s `%.*s`", word == setting->words + 1 ? "" : ",", (int)strcspn(word, " "),
                     word);
    (void)putchar('\n');
}

void help_config_markdown(void)
{
    size_t at = 0;
    struct config_setting setting;
    (void)puts(
        "# Settings\n\n"
        "Settings are environment variables. They are checked at the start: a wrong value is "
        "refused\n"
        "by name, and so is one that belongs to a part that this version does not have. A secret "
        "can\n"
        "also be read from a file: `EXPORTD_DATABASE_URL_FILE=/run/secrets/database-url`.\n\n"
        "This page is made by `exportd help config --markdown`.");
    while (config_next_setting(&at, &setting)) {
        if (setting.section != NULL)
            (void)printf("\n## %s\n", setting.section);
        (void)printf("\n### %s\n\n", setting.name);
        print_wrapped(setting.meaning, "");
        (void)printf("\n* default: %s%s%s\n", setting.fallback[0] == '\0' ? "empty" : "`",
                     setting.fallback, setting.fallback[0] == '\0' ? "" : "`");
        print_values(&setting);
        if (setting.secret)
            (void)puts("* a secret");
    }
}
