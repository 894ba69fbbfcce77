/*
 * putfile: stores a temporary file as blobs of 1 MiB (spec/original.md 2.2), each once however many
 * files hold it. The blobs are objects and rows afterwards, but for the row of the last one if that
 * is new: this row and the file's own are made by the outcome's transaction (exported_data_finish),
 * so that a file of one blob costs no commit of its own.
 */
#ifndef STORAGE_PUTFILE_H
#define STORAGE_PUTFILE_H

#include "storage/upload.h"

/* Stores the whole of `fd` (read by pread from 0). All paths are made up and journalled before the
   first byte is written. Per chunk, under its upload lock: an existing blob is reused if its object
   is there with the right size and it is referenced or younger than 23 h, and its timestamp set to
   now; else the object is written, the row inserted and committed, and the path leaves the journal
   in the same transaction. A row without a path, or with one that is unsafe, gets the new object's.
   What it did not need of the journal leaves it too. Of a new last chunk, only the object is
   written: its path stays in the journal, and its lock is held, for the outcome to make the row.
   Commits on its own: call it outside of a transaction. Safe to call again after a failure.
   ERROR_LOST: a cleanup took the attempt for dead. */
bool putfile(const struct upload *upload, int fd, struct uploaded_file *file,
             struct error *error) MUST_CHECK;

/* Reads a stored file to `fd` blob by blob and checks size and SHA-1 of each blob before its bytes
   are written, and of the whole at the end. ERROR_NOT_FOUND: no such file row, or a missing object;
   ERROR_INVALID: the bytes are not those that were stored. */
bool getfile(struct pg *pg, struct blob_store *store, int64_t file_id, int fd,
             struct error *error) MUST_CHECK;

#endif
