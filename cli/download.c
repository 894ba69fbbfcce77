/* `exportd download`: the stored file of an export, checked. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "job/history.h"
#include "model/exported_data.h"
#include "model/file.h"
#include "storage/getfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_MAX = 16 * 1024 * 1024, TARGET_SIZE = 4096, TEMPORARY_SIZE = TARGET_SIZE + 16 };

struct download {
    int64_t id;
    const char *output; /* -o: NULL, "-" or a file's name */
    struct pg *pg;
    struct blob_store *store;
    struct arena *arena;
    int64_t file_id;
};

/* ---- which file ---- */

/* A failed export's row is deleted; exportd.export remembers it, unless this is a database that
   has only Sentry's tables. */
static bool say_why_unknown(const struct download *download, struct error *error)
{
    const struct history_filter filter = {.data_export_id = download->id, .max = 1};
    json_t *exports = NULL;
    if (!history_list(download->pg, &filter, &exports, error))
        return error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64, download->id);
    const json_t *export = json_array_get(exports, 0);
    const char *status = json_string_value(json_object_get(export, "status"));
    const char *message = json_string_value(json_object_get(export, "message"));
    error_set(error, ERROR_NOT_FOUND, "export %" PRId64 " %s%s%s", download->id,
              text_equal(status == NULL ? "" : status, "FAILED") ? "has failed" : "is gone",
              message == NULL ? "" : ": ", message == NULL ? "" : message);
    json_decref(exports);
    return false;
}

static bool find_file(struct download *download, struct error *error)
{
    struct exported_data row;
    if (!exported_data_load(download->pg, download->id, download->arena, &row, error))
        return error->code == ERROR_NOT_FOUND && say_why_unknown(download, error);
    download->file_id = row.file_id;
    if (row.date_finished == USEC_NONE)
        return error_set(error, ERROR_NOT_FOUND, "export %" PRId64 " is not finished yet",
                         download->id);
    if (row.file_id == 0)
        return error_set(error, ERROR_NOT_FOUND,
                         "export %" PRId64 " has expired: its file has been removed", download->id);
    return true;
}

/* The base name of the file row's name, which is data and may hold anything. */
static bool default_name(const struct download *download, const char **name, struct error *error)
{
    struct stored_file file;
    if (!file_load(download->pg, download->file_id, download->arena, &file, error))
        return false;
    const char *slash = strrchr(file.name, '/');
    *name = slash == NULL ? file.name : slash + 1;
    if ((*name)[0] == '\0' || text_equal(*name, ".") || text_equal(*name, "..") ||
        text_has_control(*name))
        return error_set(error, ERROR_INVALID, "the file's own name cannot be used: give -o FILE");
    return true;
}

/* ---- writing ---- */

/* Renaming over a device or a pipe would replace it. */
static bool check_target(const struct download *download, const char *target, struct error *error)
{
    struct stat status;
    if (stat(target, &status) != 0)
        return true;
    if (download->output == NULL)
        return error_set(error, ERROR_CONFLICT, "%s exists already: give -o FILE", target);
    return S_ISREG(status.st_mode) ||
           error_set(error, ERROR_INVALID, "%s is not a regular file", target);
}

/* The file's own name is never put over an existing file; the name of -o is what its user wants. */
static bool move_into_place(const struct download *download, const char *temporary,
                            const char *target)
{
    if (download->output != NULL)
        return rename(temporary, target) == 0;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, target, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(temporary, target) == 0 && unlink(temporary) == 0;
}

/* Beside the target, with a dot before its name, so that the last step can be a rename. */
static bool make_temporary(const char *target, char temporary[TEMPORARY_SIZE], int *fd,
                           struct error *error)
{
    const char *slash = strrchr(target, '/');
    const char *name = slash == NULL ? target : slash + 1;
    if (strlen(target) >= TARGET_SIZE)
        return error_set(error, ERROR_INVALID, "the name of the file is too long");
    (void)snprintf(temporary, TEMPORARY_SIZE, "%.*s.%.200s.XXXXXX", (int)(name - target), target,
                   name);
    *fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
    return *fd >= 0 || error_set_errno(error, errno, "cannot write beside %s", target);
}

static bool download_to_file(const struct download *download, const char *target,
                             struct error *error)
{
    char temporary[TEMPORARY_SIZE];
    int fd = -1;
    if (!check_target(download, target, error) || !make_temporary(target, temporary, &fd, error))
        return false;
    bool good = getfile(download->pg, download->store, download->file_id, fd, error);
    if (good && fsync(fd) != 0)
        good = error_set_errno(error, errno, "cannot write %s", target);
    if (close(fd) != 0 && good)
        good = error_set_errno(error, errno, "cannot write %s", target);
    if (good && !move_into_place(download, temporary, target))
        good = error_set_errno(error, errno, "cannot give the file its name %s", target);
    if (!good)
        (void)unlink(temporary);
    return good;
}

static bool download_file(struct download *download, struct error *error)
{
    const char *target = download->output;
    if (!find_file(download, error))
        return false;
    if (target != NULL && text_equal(target, "-"))
        return getfile(download->pg, download->store, download->file_id, STDOUT_FILENO, error);
    if (target == NULL && !default_name(download, &target, error))
        return false;
    if (!download_to_file(download, target, error))
        return false;
    text_print(stdout, target);
    (void)putchar('\n');
    return true;
}

bool command_download(const struct config *config, int argc, char **argv, struct error *error)
{
    struct download download = {.output = NULL};
    const struct option_spec specs[] = {
        {.name = "output", .letter = 'o', .type = OPTION_TEXT, .value = &download.output},
        {.name = NULL}};
    const char *id = NULL;
    int count = 0;
    if (!options_parse(argc, argv, specs, 1, 1, &id, &count, error))
        return false;
    if (!text_to_int64(id, 1, INT64_MAX, &download.id))
        return error_set(error, ERROR_USAGE, "the id of an export is a positive number");
    if (download.output != NULL && download.output[0] == '\0')
        return error_set(error, ERROR_INVALID, "-o: the name of the file is empty");
    download.arena = arena_new(ARENA_MAX);
    bool good = (download.arena != NULL || error_no_memory(error)) &&
                blob_store_open(config->storage_url, &download.store, error) &&
                cli_connect_pg(config, &download.pg, error) && download_file(&download, error);
    pg_free(download.pg);
    blob_store_free(download.store);
    arena_free(download.arena);
    return good;
}
