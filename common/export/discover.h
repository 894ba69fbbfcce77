/* The processor of Discover exports, which do not exist yet. */
#ifndef EXPORT_DISCOVER_H
#define EXPORT_DISCOVER_H

#include "base/error.h"

/* Says so: ERROR_EXPORT. */
bool discover_run(struct error *error) MUST_CHECK;

#endif
