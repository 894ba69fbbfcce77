/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault points: places where a test build can be made to die, stop, fail or dawdle, to prove what
 * happens next. docs/job-life.md lists them. In a production build they are nothing at all.
 *
 * EXPORTD_FAULT=name:action[:n], several separated by commas; action: kill (SIGKILL), stop
 * (SIGSTOP), error (the FAULT fails), delay (sleeps 300 ms at the n-th passage and each later one;
 * delay=MS sets the time). n: the passage at which it happens, 1 if absent.
 *
 * EXPORTD_MEMORY_FAIL=n: the n-th allocation of the process finds no memory (base/memory.h).
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/error.h"

#ifdef EXPORTD_FAULTS
/* False, with ERROR_INTERNAL, when the fault "error" is due here. */
bool fault_point(const char *name, struct error *error) MUST_CHECK;
#define FAULT(name, error) fault_point((name), (error))

/* For main, before anything is allocated: sees to EXPORTD_MEMORY_FAIL. */
void fault_prepare(void);
#define FAULT_PREPARE() fault_prepare()
#else
#define FAULT(name, error) ((void)(error), true)
#define FAULT_PREPARE()    ((void)0)
#endif

#endif
