// SPDX-License-Identifier: Apache-2.0
// The control lines that come by stdin (and --control), and the figures that go to
// stdout.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "impair.h"

enum { MAX_LINE = 256, US_PER_MS = 1000, BPS_PER_KBPS = 1000 };

static struct bc_watch input;
static char line[MAX_LINE];
static size_t line_len;

static bool
number(const char *text, double max, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && *out >= 0 && *out <= max;
}

static const char *
set_block(struct bc_path_settings *s, const char *value)
{
    bool all = !strcmp(value, "on");
    bool none = !strcmp(value, "off");
    bool udp = !strcmp(value, "udp");
    bool tcp = !strcmp(value, "tcp");
    if (!all && !none && !udp && !tcp) {
        return "block takes on, off, udp or tcp";
    }
    s->block_udp = all || udp;
    s->block_tcp = all || tcp;
    return NULL;
}

static const char *
set(struct bc_path_settings *s, const char *name, const char *value)
{
    double n;
    if (!strcmp(name, "block")) {
        return set_block(s, value);
    }
    bool percent = !strcmp(name, "loss") || !strcmp(name, "reorder");
    if (!number(value, percent ? 100 : 1e7, &n)) {
        return "not a number in range";
    }
    if (!strcmp(name, "loss")) {
        s->loss_percent = n;
    } else if (!strcmp(name, "reorder")) {
        s->reorder_percent = n;
    } else if (!strcmp(name, "delay")) {
        s->delay_us = (int64_t)(n * US_PER_MS);
    } else if (!strcmp(name, "jitter")) {
        s->jitter_us = (int64_t)(n * US_PER_MS);
    } else if (!strcmp(name, "queue")) {
        s->queue_us = (int64_t)(n * US_PER_MS);
    } else if (!strcmp(name, "rate")) {
        s->rate_bps = (int64_t)(n * BPS_PER_KBPS);
    } else {
        return "no such setting";
    }
    return NULL;
}

const char *
bc_control_line(const char *text)
{
    char words[3][32] = { "", "", "" };
    int n = sscanf(text, "%31s %31s %31s", words[0], words[1], words[2]);
    if (n == 1 && !strcmp(words[0], "rebind")) {
        bc_udp_rebind();
        return NULL;
    }
    if (n == 1 && !strcmp(words[0], "reset")) {
        bc_tcp_reset();
        return NULL;
    }
    bool up = !strcmp(words[0], "up");
    bool down = !strcmp(words[0], "down");
    int first = up || down;
    if (n != 2 + first) {
        return "expected: [up|down] NAME VALUE, or rebind, reset, stats";
    }
    const char *wrong = NULL;
    for (int d = 0; d < BC_DIRECTIONS && !wrong; d++) {
        if (d == BC_UP ? !down : !up) {
            wrong = set(&bc_impair.settings[d], words[first], words[first + 1]);
        }
    }
    return wrong;
}

static void
write_direction(const char *name, int d)
{
    const struct bc_path_counters *c = &bc_impair.counters[d];
    printf("\"%s\":{\"packets\":%llu,\"bytes\":%llu,\"sent\":%llu,\"lost\":%llu,", name,
        (unsigned long long)c->packets, (unsigned long long)c->bytes,
        (unsigned long long)bc_impair.sent[d], (unsigned long long)c->lost);
    printf("\"overflowed\":%llu,\"blocked\":%llu,\"reordered\":%llu,\"tcp_bytes\":%llu}",
        (unsigned long long)c->overflowed, (unsigned long long)c->blocked,
        (unsigned long long)c->reordered, (unsigned long long)bc_impair.tcp_bytes[d]);
}

void
bc_control_write_stats(void)
{
    printf("{\"udp_flows\":%u,\"tcp_flows\":%u,\"rebinds\":%u,", bc_impair.udp_flows,
        bc_impair.tcp_flows, bc_impair.rebinds);
    write_direction("up", BC_UP);
    printf(",");
    write_direction("down", BC_DOWN);
    printf("}\n");
    fflush(stdout);
}

static void
on_line(void)
{
    line[line_len] = 0;
    line_len = 0;
    if (!line[strspn(line, " \t\r")]) {
        return;
    }
    if (!strcmp(line, "stats")) {
        bc_control_write_stats();
        return;
    }
    const char *wrong = bc_control_line(line);
    printf("%s%s\n", wrong ? "error: " : "ok", wrong ? wrong : "");
    fflush(stdout);
}

static void
on_input(struct bc_watch *w, uint32_t events)
{
    char bytes[512];
    (void)events;
    ssize_t n = read(w->fd, bytes, sizeof(bytes));
    if (n <= 0) { // nobody will say more; the proxy goes on until a signal
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            bc_watch_close(w);
        }
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            on_line();
        } else if (line_len + 1 < sizeof(line)) {
            line[line_len++] = bytes[i];
        }
    }
}

void
bc_control_init(void)
{
    struct epoll_event probe = { .events = EPOLLIN };
    int trial = epoll_create1(EPOLL_CLOEXEC);
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    // Files and /dev/null cannot be waited for, and have nothing to say.
    bool usable = fd >= 0 && !epoll_ctl(trial, EPOLL_CTL_ADD, fd, &probe);
    close(trial);
    if (usable) {
        bc_watch_open(&input, fd, EPOLLIN, on_input, NULL);
    } else if (fd >= 0) {
        close(fd);
    }
}
