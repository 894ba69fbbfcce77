/* SPDX-License-Identifier: Apache-2.0 */
/* getfile: reads a stored file back, and checks its bytes. */
#ifndef STORAGE_GETFILE_H
#define STORAGE_GETFILE_H

#include "model/file.h"
#include "storage/blob_store.h"

/* Writes a stored file to `fd`, blob by blob. Checks size and SHA-1 of each blob before its bytes
   are written, and of the whole file at the end. ERROR_NOT_FOUND: an object is missing;
   ERROR_INVALID: the bytes are not those that were stored. */
bool getfile(struct pg *pg, struct blob_store *store, const struct stored_file *file, int fd,
             struct error *error) MUST_CHECK;

#endif
