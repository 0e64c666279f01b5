// SPDX-License-Identifier: Apache-2.0
// Taking over from the process that serves: the new one's side of the talk that
// handover/handover.h describes.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/listener.h"
#include "net/tls.h"
#include "parts.h"
#include "handover.h"

#define LISTENERS_MAX (BC_WORKER_MAX * BC_SERVER_LISTENERS)
#define ANSWER_MS 5000    // the old process answers out of its main loop
#define RELEASE_MS 15000  // it writes what is recorded
#define PATIENCE_US 10000000 // for ports and locks of one that goes
#define WAIT_MS 20

static int
keep(struct bc_server_handover *h, struct bc_handover_message *m)
{
    if (!bc_handover_is_listener(m->fd) || h->inherited_count == LISTENERS_MAX) {
        close(m->fd);
        return -EBADMSG;
    }
    struct bc_server_inherited *grown
        = realloc(h->inherited, (h->inherited_count + 1) * sizeof(*grown));
    if (!grown) {
        close(m->fd);
        return -ENOMEM;
    }
    h->inherited = grown;
    struct bc_server_inherited *i = &h->inherited[h->inherited_count++];
    memcpy(i->address, m->text, sizeof(i->address));
    i->fd = m->fd;
    return 0;
}

// Reads until `last` comes.
static int
expect(struct bc_server_handover *h, enum bc_handover_kind last, int timeout_ms)
{
    struct bc_handover_message m;
    int ret;
    do {
        ret = bc_handover_receive(h->before, timeout_ms, &m);
        if (ret == 0 && m.kind == BC_HANDOVER_LISTENER) {
            ret = keep(h, &m);
        } else if (ret == 0 && m.kind == BC_HANDOVER_REFUSED) {
            bc_error(NULL, "the process that serves does not hand over: %s", m.text);
            return -EPERM;
        } else if (ret == 0 && m.kind != last) {
            ret = -EBADMSG;
        }
    } while (ret == 0 && m.kind == BC_HANDOVER_LISTENER);
    return ret;
}

static bool
is_inherited(const struct bc_server_handover *h, const char *address)
{
    bool found = false;
    for (size_t i = 0; i < h->inherited_count && !found; i++) {
        found = strcmp(h->inherited[i].address, address) == 0;
    }
    return found;
}

static bool
check_list(const struct bc_server *s, const struct bc_config_listen_list *list)
{
    bool ok = true;
    for (size_t i = 0; i < list->n && ok; i++) {
        char text[80];
        char error[256];
        bool v6 = strchr(list->items[i].host, ':') != NULL;
        snprintf(text, sizeof(text), v6 ? "[%s]:%u" : "%s:%u", list->items[i].host,
            (unsigned)list->items[i].port);
        ok = is_inherited(s->handover, text)
            || bc_listener_probe(text, error, sizeof(error)) == 0;
        if (!ok) {
            bc_error(NULL, "%s", error);
        }
    }
    return ok;
}

// What can go wrong should do so while the old process still serves.
static bool
is_fit(const struct bc_server *s)
{
    struct bc_tls_context *rtmp = NULL;
    struct bc_tls_context *http = NULL;
    bool tls = bc_server_load_tls(s->config, &rtmp, &http);
    bool secure = http != NULL;
    bc_tls_context_unref(&rtmp);
    bc_tls_context_unref(&http);
    return tls && check_list(s, &s->config->rtmp.listen)
        && check_list(s, &s->config->http.listen)
        && (!secure
            || (check_list(s, &s->config->rtmps.listen)
                && check_list(s, &s->config->https.listen)));
}

// The descriptor of a talk that was prepared by bc_server_handover_restart(), or -1.
static int
take_prepared(void)
{
    const char *text = getenv(BC_SERVER_HANDOVER_ENV);
    int fd = text ? atoi(text) : -1;
    unsetenv(BC_SERVER_HANDOVER_ENV);
    if (fd > STDERR_FILENO && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) {
        return fd;
    }
    return -1;
}

static int
give_up(struct bc_server_handover *h, int error)
{
    if (error != -EPERM) {
        bc_error(NULL, "cannot take over from the process that serves: %s",
            strerror(-error));
    }
    bc_server_close_fd(&h->before);
    return error;
}

int
bc_server_handover_begin(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    h->before = take_prepared();
    bool prepared = h->before >= 0;
    if (!prepared && s->take_over) {
        h->before = bc_handover_connect(s->config->data.dir);
        if (h->before == -EPERM) {
            return give_up(h, h->before);
        }
    }
    if (s->take_over || prepared) {
        // Perhaps one is about to end.
        h->patient_until_us = bc_clock_us() + PATIENCE_US;
    }
    if (h->before < 0) {
        h->before = -1;
        return 0;
    }
    bc_server_say(h->before, BC_HANDOVER_TAKE_OVER, "");
    int ret = expect(h, BC_HANDOVER_OFFERED, ANSWER_MS);
    if (ret == -EPIPE) {
        bc_server_close_fd(&h->before);
        return 0;
    }
    if (ret == 0 && !is_fit(s)) {
        ret = -EPERM; // said already
    }
    if (ret == 0) {
        bc_server_say(h->before, BC_HANDOVER_RELEASE, "");
        ret = expect(h, BC_HANDOVER_RELEASED, RELEASE_MS);
    }
    if (ret != 0) {
        return give_up(h, ret);
    }
    bc_info(NULL, "taking over with %zu sockets", h->inherited_count);
    h->patient_until_us = bc_clock_us() + PATIENCE_US;
    s->srt_until_us = h->patient_until_us;
    return 0;
}

int
bc_server_inherit(struct bc_server *s, const char *address)
{
    struct bc_server_handover *h = s->handover;
    for (size_t i = 0; h && i < h->inherited_count; i++) {
        int fd = h->inherited[i].fd;
        if (fd >= 0 && strcmp(h->inherited[i].address, address) == 0) {
            h->inherited[i].fd = -1;
            return fd;
        }
    }
    return -1;
}

void
bc_server_inherit_rest(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    for (size_t i = 0; h && i < h->inherited_count; i++) {
        struct bc_server_inherited *left = &h->inherited[i];
        if (left->fd < 0) {
            continue;
        }
        // Whoever waits in its queue would be cut off, if it were wanted.
        int fd = left->fd;
        left->fd = -1;
        if (!bc_server_worker_adopt(&s->workers[i % s->worker_count], left->address, fd)) {
            bc_info(NULL, "%s is no longer listened on", left->address);
        }
    }
}

bool
bc_server_handover_waits(struct bc_server *s)
{
    if (!s->handover || bc_clock_us() > s->handover->patient_until_us) {
        return false;
    }
    poll(NULL, 0, WAIT_MS);
    return true;
}

void
bc_server_handover_ready(struct bc_server *s)
{
    struct bc_server_handover *h = s->handover;
    if (h->before >= 0) {
        bc_server_say(h->before, BC_HANDOVER_READY, "");
        bc_server_close_fd(&h->before);
    }
    h->patient_until_us = 0;
    h->listener = bc_handover_listen(s->config->data.dir);
    if (h->listener < 0) {
        bc_warn(NULL, "no other process can take over from us: %s", strerror(-h->listener));
        h->listener = -1;
    }
    char state[64];
    snprintf(state, sizeof(state), "READY=1\nMAINPID=%ld", (long)getpid());
    bc_handover_notify(state);
}
