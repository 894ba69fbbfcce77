/* SPDX-License-Identifier: Apache-2.0 */
/* HUP: reads again the settings that may change while a worker runs. */
#ifndef WORKER_RELOAD_H
#define WORKER_RELOAD_H

#include "worker/context.h"

/* Reads all settings and takes over EXPORTD_LOG_LEVEL and EXPORTD_MAX_RUNNING; the others need a
   restart. Logs `worker.reloaded`. If a setting is wrong, nothing changes (`worker.not-reloaded`).
   The environment of a process does not change, so only the settings file can bring news. */
void reload_settings(struct worker_context *context);

#endif
