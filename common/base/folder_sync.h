/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the names of the files in a folder durable. */
#ifndef BASE_FOLDER_SYNC_H
#define BASE_FOLDER_SYNC_H

#include "base/prelude.h"

/* Syncs the open folder. False with errno after a failure. Some file systems (FUSE, network shares)
   cannot sync a folder (EINVAL, ENOTSUP, ENOSYS). This is no failure, but *durable is false.
   `durable` may be NULL. */
bool folder_sync(int folder, bool *durable) MUST_CHECK;

#endif
