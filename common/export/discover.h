/* SPDX-License-Identifier: Apache-2.0 */
/* Discover exports. They are not implemented. */
#ifndef EXPORT_DISCOVER_H
#define EXPORT_DISCOVER_H

#include "export/run.h"

/* Always fails with ERROR_EXPORT. */
bool discover_run(struct export_run *run, const union export_payload *payload,
                  struct error *error) MUST_CHECK;

#endif
