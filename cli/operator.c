/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller of a command: the operator at the command line.
 * Tested by tests/system/test_audit.py.
 */
#include "cli/cli.h"

#include "base/text.h"

#include <pwd.h>
#include <unistd.h>

enum { PASSWD_MAX = 4096, NAME_MAX_BYTES = 48 };

/* A user's name may hold any bytes, but the database takes only UTF-8. A name that is long, or has
   other than visible ASCII characters, is replaced by the user's number. */
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
