/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/notify.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

/* Half of the time after which systemd would miss a sign of life from this process. */
static int64_t read_interval_ms(void)
{
    int64_t usec = 0;
    int64_t pid = 0;
    const char *wanted = getenv("WATCHDOG_USEC");
    const char *whose = getenv("WATCHDOG_PID");
    if (wanted == NULL || !text_to_int64(wanted, 1, INT64_MAX, &usec))
        return 0;
    if (whose != NULL && (!text_to_int64(whose, 1, INT_MAX, &pid) || pid != getpid()))
        return 0;
    return usec / 2000 > 0 ? usec / 2000 : 1;
}

/* An abstract name begins with a NUL. The size of the address ends it, not a second NUL. */
static bool read_address(struct notify *notify, const char *path)
{
    size_t length = strlen(path);
    notify->address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((path[0] != '/' && path[0] != '@') || length < 2 ||
        length >= sizeof(notify->address.sun_path))
        return false;
    memcpy(notify->address.sun_path, path, length);
    if (path[0] == '@')
        notify->address.sun_path[0] = '\0';
    size_t end = path[0] == '@' ? length : length + 1;
    notify->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + end);
    return true;
}

void notify_open(struct notify *notify)
{
    const char *path = getenv("NOTIFY_SOCKET");
    *notify = (struct notify){.fd = -1};
    if (path == NULL || path[0] == '\0')
        return;
    if (read_address(notify, path))
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (notify->fd < 0)
        LOG(LOG_WARNING, "worker.no-notification", log_text("error", "NOTIFY_SOCKET is unusable"));
    notify->interval_ms = read_interval_ms();
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        (void)close(notify->fd);
    notify->fd = -1;
}

/* A message that systemd does not take at once is dropped: it must not hold up the worker. */
void notify_send(struct notify *notify, const char *message)
{
    if (notify->fd < 0)
        return;
    ssize_t sent = sendto(notify->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
                          (const struct sockaddr *)&notify->address, notify->address_size);
    if (sent < 0)
        LOG(LOG_DEBUG, "worker.not-notified", log_int("errno", errno));
}

void notify_alive(struct notify *notify, const char *status)
{
    char message[160];
    int64_t now = clock_monotonic_ms();
    if (notify->fd >= 0 && !text_equal(status, notify->status)) {
        (void)snprintf(notify->status, sizeof(notify->status), "%s", status);
        (void)snprintf(message, sizeof(message), "STATUS=%s", notify->status);
        notify_send(notify, message);
    }
    if (notify->interval_ms == 0 || now < notify->next_ms)
        return;
    notify->next_ms = now + notify->interval_ms;
    notify_send(notify, "WATCHDOG=1");
}
