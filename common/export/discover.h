/* SPDX-License-Identifier: Apache-2.0 */
/* Discover exports, which do not exist yet. */
#ifndef EXPORT_DISCOVER_H
#define EXPORT_DISCOVER_H

#include "export/run.h"

/* Says so: ERROR_EXPORT. */
bool discover_run(struct export_run *run, const union export_payload *payload,
                  struct error *error) MUST_CHECK;

#endif
