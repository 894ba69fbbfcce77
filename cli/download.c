/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd download`: writes the stored file of an export. It goes to a temporary file, which gets
 * its name only when the whole file is checked and on the disk.
 * Tested by tests/system/test_download.py.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "request/open_file.h"
#include "storage/getfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA_MAX = 16 * 1024 * 1024, TARGET_SIZE = 4096, TEMPORARY_SIZE = TARGET_SIZE + 16 };

struct download {
    int64_t id;
    const char *output; /* of -o: "-", a file's name or a folder's; NULL: not given */
    bool own_name;      /* the file gets the name that it has in the store */
    bool json;
    const struct config *config;
    struct request_context context;
    struct blob_store *store;
    struct stored_file file;
};

static bool is_folder(const char *output)
{
    struct stat status;
    size_t size = strlen(output);
    return output[size - 1] == '/' || (stat(output, &status) == 0 && S_ISDIR(status.st_mode));
}

/* The name in the file's row, in the folder of -o or in the current one. That name is data and may
   hold anything: only what follows its last slash is used. */
static bool choose_target(const struct download *download, char target[TARGET_SIZE],
                          struct error *error)
{
    const char *slash = strrchr(download->file.name, '/');
    const char *name = slash == NULL ? download->file.name : slash + 1;
    const char *folder = download->output == NULL ? "" : download->output;
    size_t size = strlen(folder);
    if (!download->own_name)
        return text_copy(target, TARGET_SIZE, folder) ||
               error_set(error, ERROR_INVALID, "the name of the file is too long");
    if (name[0] == '\0' || text_equal(name, ".") || text_equal(name, "..") ||
        text_has_control(name))
        return error_set(error, ERROR_INVALID, "the file's own name cannot be used: give -o FILE");
    bool joined = size == 0 || folder[size - 1] == '/';
    int length = snprintf(target, TARGET_SIZE, "%s%s%s", folder, joined ? "" : "/", name);
    return length < TARGET_SIZE ||
           error_set(error, ERROR_INVALID, "the name of the file is too long");
}

/* ---- writing ---- */

/* The export has a file: an object of it that is not there is lost. */
static bool copy_file_to(const struct download *download, int fd, struct error *error)
{
    if (getfile(download->context.pg, download->store, &download->file, fd, error))
        return true;
    if (error->code == ERROR_NOT_FOUND)
        error->code = ERROR_INTERNAL;
    return false;
}

/* Renaming over a device or a pipe would replace it. */
static bool check_target(const struct download *download, const char *target, struct error *error)
{
    struct stat status;
    if (stat(target, &status) != 0)
        return true;
    if (download->own_name)
        return error_set(error, ERROR_CONFLICT, "%s exists already: give -o FILE", target);
    return S_ISREG(status.st_mode) ||
           error_set(error, ERROR_INVALID, "%s is not a regular file", target);
}

/* Only a file's name that was given by -o may replace an existing file. */
static bool move_into_place(const struct download *download, const char *temporary,
                            const char *target)
{
    if (!download->own_name)
        return rename(temporary, target) == 0;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, target, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(temporary, target) == 0 && unlink(temporary) == 0;
}

/* The temporary file is in the target's folder, so that a rename can be the last step. Its name is
   the target's, with a dot in front and random letters at the end. */
static bool make_temporary(const char *target, char temporary[TEMPORARY_SIZE], int *fd,
                           struct error *error)
{
    const char *slash = strrchr(target, '/');
    const char *name = slash == NULL ? target : slash + 1;
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
    bool good = copy_file_to(download, fd, error);
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

static bool print_target(const struct download *download, const char *target, struct error *error)
{
    if (!download->json) {
        text_print(stdout, target);
        (void)putchar('\n');
        return true;
    }
    json_t *object = json_object();
    bool done = json_put_int(object, "id", download->id, error) &&
                json_put_text(object, "file", target, error) &&
                json_put_int(object, "size", download->file.size, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static bool download_file(struct download *download, struct arena *arena, struct error *error)
{
    char target[TARGET_SIZE];
    const char *output = download->output;
    if (!request_open_file(&download->context, download->id, arena, &download->file, error))
        return false;
    cli_count(download->config, "dataexport.download", NULL);
    if (output != NULL && text_equal(output, "-"))
        return copy_file_to(download, STDOUT_FILENO, error);
    download->own_name = output == NULL || is_folder(output);
    return choose_target(download, target, error) && download_to_file(download, target, error) &&
           print_target(download, target, error);
}

static bool check_words(const char *id, struct download *download, struct error *error)
{
    const char *output = download->output;
    if (!text_to_int64(id, 1, INT64_MAX, &download->id))
        return error_set(error, ERROR_USAGE, "the id of an export is a positive number");
    if (output != NULL && output[0] == '\0')
        return error_set(error, ERROR_INVALID, "-o: the name of the file is empty");
    return !download->json || output == NULL || !text_equal(output, "-") ||
           error_set(error, ERROR_USAGE, "--json goes with a file, not with -o -");
}

bool command_download(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct download download = {.config = config, .context = {.caller = &caller}};
    const struct option_spec specs[] = {
        {.name = "output", .letter = 'o', .type = OPTION_TEXT, .value = &download.output},
        {.name = "json", .type = OPTION_SWITCH, .value = &download.json},
        {.name = NULL}};
    const char *id = NULL;
    struct positional words = {.min = 1, .max = 1, .words = &id};
    if (!options_parse(argc, argv, specs, &words, error) || !check_words(id, &download, error))
        return false;
    struct arena *arena = arena_new(ARENA_MAX);
    bool good =
        (arena != NULL || error_no_memory(error)) &&
        blob_store_open(config->storage_url, config->storage_mode, &download.store, error) &&
        cli_connect_pg(config, &download.context.pg, error) &&
        download_file(&download, arena, error);
    pg_free(download.context.pg);
    blob_store_free(download.store);
    arena_free(arena);
    return good;
}
