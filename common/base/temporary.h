/* Temporary files without a name: whatever happens, nothing of them is left behind. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

#include "base/error.h"

/* A new empty file in `folder`, open for reading and writing. Close it. ERROR_USAGE for too long a
   path, else as error_set_errno says. */
bool temporary_open(const char *folder, int *fd, struct error *error) MUST_CHECK;

#endif
