/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders of a filesystem store. They are opened one after the other from the root downwards
 * (openat, no symbolic link below the root is followed), and made when an object needs them. They
 * are made durable from the object's folder up to the root.
 */
#ifndef STORAGE_FILESYSTEM_FOLDERS_H
#define STORAGE_FILESYSTEM_FOLDERS_H

#include "base/error.h"

#include <sys/types.h>

/* Room for a name and the end of a temporary name. With a longer one, open() fails. */
enum { PLACE_NAME_SIZE = 264 };

struct folders {
    char *root;                    /* absolute */
    mode_t file_mode, folder_mode; /* of new ones */
    /* The folder that was last synced up to the root (inode 0: none). The next object in that
       folder need not sync all of them again. */
    dev_t synced_device;
    ino_t synced_inode;
    bool was_mounted; /* the root was a mount point at the last probe (probe.h) */
};

/* The open folder of an object, and the object's two names there. */
struct place {
    int folder; /* the caller closes it */
    const char *path;
    const char *name; /* the last part of the path */
    /* Made from the name, not random, so that a removal also finds what a crash has left. */
    char temporary[PLACE_NAME_SIZE];
};

/* Gives the open file or folder these permissions, whatever the umask, if it can have them. A
   folder keeps its setgid and sticky bits. False: see errno. */
bool folders_set_mode(int fd, mode_t mode) MUST_CHECK;

/* Opens the root. With `create`, first makes it and the folders above it. ERROR_AWAY: the root is
   missing. The caller closes *folder. */
bool folders_open_root(const struct folders *folders, bool create, int *folder,
                       struct error *error) MUST_CHECK;

/* Opens the folder of the object `path`. With `create`, makes the folders that are missing;
   without, a missing folder is ERROR_NOT_FOUND, and a missing root ERROR_AWAY. */
bool folders_open_place(struct folders *folders, const char *path, bool create, struct place *place,
                        struct error *error) MUST_CHECK;

/* Makes durable what is in the place's folder and in the folders above it. Folders that were there
   before are synced, too: the process that made them may have died before it could do that. False:
   see errno. */
bool place_sync(struct folders *folders, const struct place *place) MUST_CHECK;

#endif
