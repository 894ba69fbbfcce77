/* SPDX-License-Identifier: Apache-2.0 */
/* The settings as a text for a terminal, and as docs/configuration.md: both from the one table. */
#ifndef CLI_HELP_CONFIG_H
#define CLI_HELP_CONFIG_H

void help_config_text(void);
void help_config_markdown(void);

#endif
