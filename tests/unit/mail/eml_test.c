/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/eml.h"

#include "base/text.h"
#include "mail/transport.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MIME "Subject: x\r\n\r\n.\r\nbody\r\n"

struct fixture {
    char parent[64];
    char folder[96];
    struct mail_transport *transport;
    struct error error;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.parent = "/tmp/eml_test_XXXXXX"};
    assert_non_null(mkdtemp(fixture.parent));
    (void)snprintf(fixture.folder, sizeof(fixture.folder), "%s/mail", fixture.parent);
    char url[128];
    (void)snprintf(url, sizeof(url), "file://%s", fixture.folder);
    *state = &fixture;
    return mail_transport_open(&(struct mail_settings){.url = url, .sender = "exports@example.com"},
                               &fixture.transport, &fixture.error)
               ? 0
               : -1;
}

static void remove_files(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    (void)closedir(folder);
    (void)rmdir(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    mail_transport_free(f->transport);
    (void)unlink(f->folder);
    remove_files(f->folder);
    return rmdir(f->parent);
}

static bool send_as(struct fixture *f, const char *message_id, const char *mime)
{
    const struct mail_message message = {.recipient = "ann@example.com",
                                         .message_id = message_id,
                                         .mime = mime,
                                         .size = strlen(mime)};
    return mail_transport_send(f->transport, &message, &f->error);
}

/* How many files there are. *name: that of the last one. */
static int count_files(const struct fixture *f, char name[256])
{
    int count = 0;
    DIR *folder = opendir(f->folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
            continue;
        assert_true(text_copy(name, 256, entry->d_name));
        count++;
    }
    assert_int_equal(closedir(folder), 0);
    return count;
}

static void read_mail(const struct fixture *f, const char *name, char *text, size_t size)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t read = fread(text, 1, size - 1, file);
    text[read] = '\0';
    assert_int_equal(fclose(file), 0);
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 0777u;
}

static void test_one_file_a_mail(void **state)
{
    struct fixture *f = *state;
    char name[256];
    char text[256];
    char path[512];
    assert_true(send_as(f, "<27.1.abc@example.com>", MIME));
    assert_int_equal(count_files(f, name), 1);
    assert_string_equal(name, "27.1.abc@example.com.eml");
    read_mail(f, name, text, sizeof(text));
    assert_string_equal(text, "Subject: x\n\n.\nbody\n");
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, name);
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(mode_of(f->folder), 0700);
}

static void test_sent_twice_is_one_file(void **state)
{
    struct fixture *f = *state;
    char name[256];
    char text[256];
    assert_true(send_as(f, "<27.1.abc@example.com>", MIME));
    assert_true(send_as(f, "<27.1.abc@example.com>", "second\r\n"));
    assert_int_equal(count_files(f, name), 1);
    read_mail(f, name, text, sizeof(text));
    assert_string_equal(text, "second\n");
    assert_true(send_as(f, "<28.1.abc@example.com>", MIME));
    assert_int_equal(count_files(f, name), 2);
}

static void test_names_stay_in_the_folder(void **state)
{
    struct fixture *f = *state;
    char name[256];
    assert_true(send_as(f, "<../../../etc/x\n y@z>", MIME));
    assert_int_equal(count_files(f, name), 1);
    assert_string_equal(name, "_._.._.._etc_x__y@z.eml");
}

static void test_a_long_message_id(void **state)
{
    struct fixture *f = *state;
    char name[256];
    char message_id[384];
    memset(message_id, 'a', sizeof(message_id));
    message_id[sizeof(message_id) - 1] = '\0';
    assert_true(send_as(f, message_id, MIME));
    assert_int_equal(count_files(f, name), 1);
    assert_int_equal(strlen(name), 204);
}

static void test_lone_returns_are_kept(void **state)
{
    struct fixture *f = *state;
    char name[256];
    char text[64];
    assert_true(send_as(f, "<1@x>", "a\rb\r\r\nc\n\r"));
    assert_int_equal(count_files(f, name), 1);
    read_mail(f, name, text, sizeof(text));
    assert_string_equal(text, "a\rb\r\nc\n\r");
}

static void test_check_makes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_true(mail_transport_check(f->transport, &f->error));
    assert_int_equal(access(f->folder, F_OK), -1);
    assert_true(send_as(f, "<1@x>", MIME));
    assert_true(mail_transport_check(f->transport, &f->error));
}

static void test_a_file_in_the_place_of_the_folder(void **state)
{
    struct fixture *f = *state;
    FILE *file = fopen(f->folder, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_false(mail_transport_check(f->transport, &f->error));
    assert_false(send_as(f, "<1@x>", MIME));
    assert_int_not_equal(f->error.code, ERROR_INVALID); /* the mail must not be given up */
}

static void test_no_parent(void **state)
{
    struct fixture *f = *state;
    struct mail_transport *transport = eml_transport_new("/nonexistent/exportd/mail", &f->error);
    assert_non_null(transport);
    assert_false(mail_transport_check(transport, &f->error));
    const struct mail_message message = {
        .recipient = "a@b", .message_id = "<1@x>", .mime = MIME, .size = sizeof(MIME) - 1};
    assert_false(mail_transport_send(transport, &message, &f->error));
    assert_int_not_equal(f->error.code, ERROR_INVALID);
    mail_transport_free(transport);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_file_a_mail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sent_twice_is_one_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_stay_in_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_long_message_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lone_returns_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_check_makes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_in_the_place_of_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_parent, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
