/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_store_trouble.py. */
#include "base/folder_sync.h"

#include <errno.h>
#include <unistd.h>

bool folder_sync(int folder, bool *durable)
{
    bool synced = fsync(folder) == 0;
    if (durable != NULL)
        *durable = synced;
    return synced || errno == EINVAL || errno == ENOTSUP || errno == ENOSYS;
}
