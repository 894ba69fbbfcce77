/* SPDX-License-Identifier: Apache-2.0 */
/* getfile: reads a stored file back, and checks every byte of it. */
#ifndef STORAGE_GETFILE_H
#define STORAGE_GETFILE_H

#include "model/file.h"
#include "storage/blob_store.h"

/* Reads a stored file to `fd` blob by blob and checks size and SHA-1 of each blob before its bytes
   are written, and of the whole at the end. ERROR_NOT_FOUND: a missing object;
   ERROR_INVALID: the bytes are not those that were stored. */
bool getfile(struct pg *pg, struct blob_store *store, const struct stored_file *file, int fd,
             struct error *error) MUST_CHECK;

#endif
