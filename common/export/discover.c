#include "export/discover.h"

bool discover_run(struct error *error)
{
    return error_set(error, ERROR_EXPORT, "Discover processing has not been implemented yet");
}
