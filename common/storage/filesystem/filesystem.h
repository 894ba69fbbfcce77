/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob store in a folder (EXPORTD_STORAGE_URL=file:///folder), laid out like Sentry's filesystem
 * store: object `ab/cdef/0123...` is the file with that path below the folder.
 *
 * A new file has the store's mode, whatever the umask. A new folder can be entered by all who may
 * read the files. A Sentry that shares the store must run as the same user, or in the same group
 * with mode 0640 or 0660. Files with other modes are read, and keep them. No symbolic link below
 * the folder is followed, so a path cannot lead out of the store. Empty folders are kept, because
 * another process may be about to write into them.
 *
 * A put writes a file with a temporary name, syncs it, renames it, and syncs the folder if the file
 * system can do that. With BLOB_PUT_NEW it writes the file under its own name.
 * blob_store_put_finish does all this. A thousand new paths in a row share their folders: two new
 * folders for each, and their syncs, would take longer than a small object.
 */
#ifndef STORAGE_FILESYSTEM_FILESYSTEM_H
#define STORAGE_FILESYSTEM_FILESYSTEM_H

#include "storage/blob_store.h"

#include <sys/types.h>

/* The store in the absolute folder `root`. The first put makes the folder, as does blob_store_make.
   While it is missing, all other functions fail with ERROR_AWAY: an unmounted disk must not look
   like lost objects. `mode` is that of new files. NULL: no memory. Free with blob_store_free. */
struct blob_store *filesystem_store_new(const char *root, mode_t mode);

#endif
