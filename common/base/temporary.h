/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary files without a name: whatever happens, nothing of them is left behind. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

#include "base/error.h"

/* A new empty file in `folder`, open for reading and writing. Close it. ERROR_USAGE for too long a
   path, else as error_set_errno says. */
bool temporary_open(const char *folder, int *fd, struct error *error) MUST_CHECK;

/* The same, but in memory (*in_memory) where the system has such files: for what is mostly small.
   temporary_move_to_disk puts its bytes into a file in `folder` when it is no longer: the
   descriptor stays the same, and so does its position. */
bool temporary_open_small(const char *folder, int *fd, bool *in_memory,
                          struct error *error) MUST_CHECK;
bool temporary_move_to_disk(const char *folder, int fd, struct error *error) MUST_CHECK;

#endif
