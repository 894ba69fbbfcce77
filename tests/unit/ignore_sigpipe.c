/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into every unit test: a closed connection is an error of the write, not the end of the
   process, as in exportd itself (cli/main.c). libpq sends a cancel, and hiredis everything, without
   MSG_NOSIGNAL. */
#include <signal.h>

__attribute__((constructor)) static void ignore_sigpipe(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
}
