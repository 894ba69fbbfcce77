/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault points: places where a test can make a test build die, stop, fail or wait, to see what
 * happens next. docs/job-life.md lists them. A production build has none.
 *
 * EXPORTD_FAULT=name:action[:n], several of them separated by commas. The action happens at the
 * n-th passage of the point, the first by default: kill (SIGKILL), stop (SIGSTOP), error (the FAULT
 * fails), delay (sleeps 300 ms, delay=MS sets the time; also at each later passage).
 *
 * EXPORTD_MEMORY_FAIL=n: the n-th allocation of the process finds no memory (base/memory.h).
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/error.h"

#ifdef EXPORTD_FAULTS
/* Performs the actions that are due here. False, with ERROR_INTERNAL, after the action "error". */
bool fault_point(const char *name, struct error *error) MUST_CHECK;
#define FAULT(name, error) fault_point((name), (error))

/* Reads EXPORTD_MEMORY_FAIL. main calls it before anything is allocated. */
void fault_prepare(void);
#define FAULT_PREPARE() fault_prepare()
#else
#define FAULT(name, error) ((void)(error), true)
#define FAULT_PREPARE()    ((void)0)
#endif

#endif
