/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `exportd help` prints, from the tables of commands and settings. The forms that are files of
 * the installation (pages of the manual, completion, exportd.env) are made by the build.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* The settings: for a terminal; docs/configuration.md; exportd(5); /etc/exportd/exportd.env. */
void help_settings_text(void);
void help_settings_markdown(void);
void help_settings_man(void);
void help_settings_env(void);

/* The commands: for a terminal; exportd(1); completion for bash and zsh. */
void help_commands_text(void);
void help_commands_man(void);
void help_commands_bash(void);
void help_commands_zsh(void);

/* Prints the words of `text` in lines of at most 100 columns, which all begin with `indent`. */
void help_print_wrapped(const char *text, const char *indent);

/* Prints `text` so that troff shows it as it is. Lines stay lines. */
void help_print_troff(const char *text);

#endif
