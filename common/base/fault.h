/*
 * Fault points: places where a test build can be made to die, stop, fail or dawdle, to prove what
 * happens next. docs/job-life.md lists them. In a production build they are nothing at all.
 *
 * EXPORTD_FAULT=name:action[:n], several separated by commas; action: kill (SIGKILL), stop
 * (SIGSTOP), error (the FAULT fails), delay (sleeps 300 ms at the n-th passage and each later one;
 * delay=MS sets the time). n: the passage at which it happens, 1 if absent.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/error.h"

#ifdef EXPORTD_FAULTS
/* False, with ERROR_INTERNAL, when the fault "error" is due here. */
bool fault_point(const char *name, struct error *error) MUST_CHECK;
#define FAULT(name, error) fault_point((name), (error))
#else
#define FAULT(name, error) ((void)(error), true)
#endif

#endif
