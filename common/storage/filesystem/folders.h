/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of a filesystem store: opened one below the other (openat, no symbolic link below the
 * root is followed), made when an object needs them, made durable from the object's up to the root.
 */
#ifndef STORAGE_FILESYSTEM_FOLDERS_H
#define STORAGE_FILESYSTEM_FOLDERS_H

#include "base/error.h"

#include <sys/types.h>

/* A name within a folder, with room for the end of a temporary name: longer ones fail in open(). */
enum { PLACE_NAME_SIZE = 264 };

struct folders {
    char *root;                    /* absolute */
    mode_t file_mode, folder_mode; /* of new ones */
    /* The folder that was last synced up to the root (inode 0: none), so that the next object in
       there need not do it again. */
    dev_t synced_device;
    ino_t synced_inode;
    bool was_mounted; /* the root was a mount point when the probe looked last (probe.h) */
};

/* An object's folder, open, and its two names in there. */
struct place {
    int folder; /* the caller closes it */
    const char *path;
    const char *name; /* the last part of the path */
    /* Made from the name, not random: a crash in mid-write leaves nothing that a removal misses. */
    char temporary[PLACE_NAME_SIZE];
};

/* Gives the open file or folder these permissions, whatever the umask. False with errno. */
bool folders_set_mode(int fd, mode_t mode) MUST_CHECK;

/* Opens the root; with `create` makes it, and what is above it, first. ERROR_AWAY while it is
   missing. */
bool folders_open_root(const struct folders *folders, bool create, int *folder,
                       struct error *error) MUST_CHECK;

/* Opens the folder of the object `path`; with `create` makes the missing ones on the way. Without,
   a missing folder is ERROR_NOT_FOUND. */
bool folders_open_place(struct folders *folders, const char *path, bool create, struct place *place,
                        struct error *error) MUST_CHECK;

/* Makes durable what is in the place's folder and in those above it: also those that were there
   already, because the process that made them may have died before it synced them. False with
   errno. */
bool place_sync(struct folders *folders, const struct place *place) MUST_CHECK;

#endif
