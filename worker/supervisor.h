/* The supervisor: a thread that beats for this worker, promotes delayed jobs that are due, and
   rescues the jobs of workers that have fallen silent. */
#ifndef WORKER_SUPERVISOR_H
#define WORKER_SUPERVISOR_H

#include "worker/context.h"

/* The thread's function; the argument is a struct worker_context. Ends with WORKER_ENDS, and takes
   the worker off the list then. */
void *supervisor_thread(void *context);

#endif
