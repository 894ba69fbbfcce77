/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the command line. */
#include "cli/cli.h"

#include "base/text.h"

#include <pwd.h>
#include <unistd.h>

enum { PASSWD_MAX = 4096, NAME_MAX_BYTES = 48 };

/* Names are data of the system: the database takes no other bytes than those of UTF-8. */
static bool is_plain(const char *name)
{
    for (const char *at = name; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return name[0] != '\0' && strlen(name) <= NAME_MAX_BYTES;
}

struct caller cli_operator(void)
{
    struct caller caller = caller_operator;
    struct passwd entry;
    struct passwd *found = NULL;
    char texts[PASSWD_MAX];
    uid_t uid = getuid();
    if (getpwuid_r(uid, &entry, texts, sizeof(texts), &found) == 0 && found != NULL &&
        is_plain(found->pw_name))
        (void)snprintf(caller.actor, sizeof(caller.actor), "cli:%s", found->pw_name);
    else
        (void)snprintf(caller.actor, sizeof(caller.actor), "cli:%lu", (unsigned long)uid);
    return caller;
}
