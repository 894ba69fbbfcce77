/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a folder durable: which files it has, and under which names. */
#ifndef BASE_FOLDER_SYNC_H
#define BASE_FOLDER_SYNC_H

#include "base/prelude.h"

/* False with errno. A file system that syncs no folders (EINVAL, ENOTSUP, ENOSYS: some of FUSE and
   of network shares) has no more to give, which is no failure: then *durable, if it is not NULL, is
   false. */
bool folder_sync(int folder, bool *durable) MUST_CHECK;

#endif
