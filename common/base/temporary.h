/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files without a name. They disappear when they are closed, also if the process dies. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

#include "base/error.h"

/* Opens a new empty file in `folder` for reading and writing; the caller closes it. ERROR_USAGE if
   the path is too long, else the codes of error_set_errno. */
bool temporary_open(const char *folder, int *fd, struct error *error) MUST_CHECK;

/* For files that are mostly small. temporary_open_small opens the file in memory, if the system can
   do that (*in_memory); else in `folder`. temporary_move_to_disk moves a file that has grown from
   memory to `folder`; the descriptor and its position stay the same. */
bool temporary_open_small(const char *folder, int *fd, bool *in_memory,
                          struct error *error) MUST_CHECK;
bool temporary_move_to_disk(const char *folder, int fd, struct error *error) MUST_CHECK;

#endif
