/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob store in a folder (EXPORTD_STORAGE_URL=file:///folder), laid out as Sentry's filesystem
 * store: object `ab/cdef/0123...` is the file of that path below the folder.
 *
 * A new file has the store's mode, whatever the umask, and a new folder one that lets the same in:
 * a Sentry that shares the store must run as the same user, or in the same group with mode 0640 or
 * 0660. Files of other modes are read as they are. No symbolic link below the folder is
 * followed: a path cannot lead out of the store. Empty folders are left: another process may be
 * about to write into them.
 *
 * A put writes a file of a temporary name, syncs it, renames it, and syncs the folder, where the
 * file system can sync a folder; with BLOB_PUT_NEW it writes the file under its own name. All is
 * done in blob_store_put_finish. A thousand new paths in a row share their folders: making two
 * folders for each, and syncing them, takes longer than a small object itself.
 */
#ifndef STORAGE_FILESYSTEM_FILESYSTEM_H
#define STORAGE_FILESYSTEM_FILESYSTEM_H

#include "storage/blob_store.h"

#include <sys/types.h>

/* The store in the absolute folder `root`, which is made by the first put and by blob_store_make.
   While it is missing, every other function answers ERROR_AWAY: an unmounted disk must not look
   like lost objects. NULL without memory. Free with blob_store_free. */
struct blob_store *filesystem_store_new(const char *root, mode_t mode);

#endif
