/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The settings in each of their forms.
 * Tested by tests/system/test_cli_contract.py and tests/system/test_documents.py.
 */
#include "cli/help.h"

#include "config/config.h"

enum { WIDTH = 100 }; /* of the lines that are printed */

void help_print_wrapped(const char *text, const char *indent)
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

void help_settings_text(void)
{
    size_t at = 0;
    struct config_setting setting;
    (void)puts(
        "\nSettings are environment variables, or lines of the settings file. Those marked *\n"
        "are secrets, and can also be read from a file: NAME_FILE=/path instead of NAME.");
    while (config_next_setting(&at, &setting)) {
        if (setting.section != NULL)
            (void)printf("\n%s\n\n", setting.section);
        (void)printf("%s%s\n", setting.name, setting.secret ? " *" : "");
        help_print_wrapped(setting.meaning, "    ");
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

void help_settings_markdown(void)
{
    size_t at = 0;
    struct config_setting setting;
    (void)puts(
        "# Settings\n\n"
        "Settings are environment variables, or lines of the settings file: the one of\n"
        "`--config FILE`, which stands before the command, else `/etc/exportd/exportd.env` if\n"
        "it is there. The environment counts first. The file has the syntax of systemd's\n"
        "EnvironmentFile. `exportd config show` prints the settings in force, and where each\n"
        "comes from.\n\n"
        "Settings are checked at the start. A wrong value is refused by name, and so is a\n"
        "name that is no setting, or one of a part that this version does not have. A secret\n"
        "can also be read from a file, `EXPORTD_DATABASE_URL_FILE=/run/secrets/database-url`,\n"
        "and from a credential of systemd, `LoadCredential=EXPORTD_DATABASE_URL:/path`.\n\n"
        "This page is made by `exportd help config --markdown`.");
    while (config_next_setting(&at, &setting)) {
        if (setting.section != NULL)
            (void)printf("\n## %s\n", setting.section);
        (void)printf("\n### %s\n\n", setting.name);
        help_print_wrapped(setting.meaning, "");
        (void)printf("\n* default: %s%s%s\n", setting.fallback[0] == '\0' ? "empty" : "`",
                     setting.fallback, setting.fallback[0] == '\0' ? "" : "`");
        print_values(&setting);
        if (setting.secret)
            (void)puts("* a secret");
    }
}

/* ---- a page of the manual ---- */

void help_settings_man(void)
{
    size_t at = 0;
    struct config_setting setting;
    (void)puts(
        ".TH EXPORTD 5 \"\" \"exportd " EXPORTD_VERSION "\" \"Settings\"\n"
        ".SH NAME\n"
        "exportd.env \\- settings of exportd\n"
        ".SH DESCRIPTION\n"
        "Settings are environment variables, or lines of the settings file: the one of\n"
        ".BR \\-\\-config ,\n"
        "else\n"
        ".I " CONFIG_DEFAULT_FILE "\n"
        "if it is there. The environment counts first. The file has the syntax of systemd's\n"
        ".IR EnvironmentFile :\n"
        "lines NAME=value, comments after # or ;, values also in quotes.\n"
        ".PP\n"
        "A secret can also be read from a file, named by NAME_FILE, and from a credential of\n"
        "systemd (LoadCredential=NAME:/path). A name that is no setting is refused.\n"
        ".PP\n"
        ".B exportd config show\n"
        "prints the settings in force, and where each comes from.");
    while (config_next_setting(&at, &setting)) {
        if (setting.section != NULL)
            (void)printf(".SH %s\n", setting.section);
        (void)printf(".TP\n.B %s\n", setting.name);
        help_print_troff(setting.meaning);
        (void)fputs("\nDefault: ", stdout);
        help_print_troff(setting.fallback[0] == '\0' ? "empty" : setting.fallback);
        (void)puts(setting.secret ? ".\nA secret." : ".");
    }
    (void)puts(".SH SEE ALSO\n.BR exportd (1)");
}

/* ---- /etc/exportd/exportd.env ---- */

void help_settings_env(void)
{
    size_t at = 0;
    struct config_setting setting;
    (void)puts(
        "# Settings of exportd: exportd(5) explains them. The values that are commented out are "
        "the\n"
        "# defaults. `exportd config show` prints what is in force, `exportd check` tries it.");
    while (config_next_setting(&at, &setting)) {
        if (setting.section != NULL)
            (void)printf("\n# ---- %s ----\n", setting.section);
        (void)putchar('\n');
        help_print_wrapped(setting.meaning, "# ");
        (void)printf("#%s=\"", setting.name);
        for (const char *c = setting.fallback; *c != '\0'; c++)
            (void)printf(strchr("\"\\$`", *c) != NULL ? "\\%c" : "%c", *c);
        (void)puts("\"");
    }
}
