// SPDX-License-Identifier: Apache-2.0
// bcimpair: a proxy for UDP and TCP that behaves like a bad network.
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "impair.h"

static const char usage[] =
    "bcimpair --listen HOST:PORT --to HOST:PORT [--loss PERCENT] [--delay-ms MS]\n"
    "    [--jitter-ms MS] [--reorder PERCENT] [--rate-kbps N] [--queue-ms MS]\n"
    "    [--block on|udp|tcp] [--control LINE]... [--seed N]\n"
    "See README.md.\n";

static const struct option long_options[] = {
    { "listen", required_argument, NULL, 'l' },
    { "to", required_argument, NULL, 't' },
    { "loss", required_argument, NULL, 1 },
    { "delay-ms", required_argument, NULL, 2 },
    { "jitter-ms", required_argument, NULL, 3 },
    { "reorder", required_argument, NULL, 4 },
    { "rate-kbps", required_argument, NULL, 5 },
    { "queue-ms", required_argument, NULL, 6 },
    { "block", required_argument, NULL, 7 },
    { "control", required_argument, NULL, 'c' },
    { "seed", required_argument, NULL, 's' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

// The control lines that the options 1 to 7 stand for.
static const char *const names[] = { "", "loss", "delay", "jitter", "reorder", "rate",
    "queue", "block" };

struct bc_impair bc_impair = {
    .seed = 1,
    .settings = { { .queue_us = 200000 }, { .queue_us = 200000 } },
};

_Noreturn void
bc_die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("bcimpair: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(2);
}

int64_t
bc_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

// HOST:PORT or [HOST]:PORT, in digits.
static void
parse_address(const char *text, union bc_address *out, socklen_t *len)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    struct addrinfo hint = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
        .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found;
    if (!n || n >= sizeof(host)) {
        bc_die("not an address: %s", text);
    }
    memcpy(host, text, n);
    host[n] = 0;
    if (getaddrinfo(host, colon + 1, &hint, &found)) {
        bc_die("not an address: %s", text);
    }
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *len = found->ai_addrlen;
    freeaddrinfo(found);
}

static void
apply(const char *line)
{
    const char *wrong = bc_control_line(line);
    if (wrong) {
        bc_die("%s: %s", line, wrong);
    }
}

static void
parse_options(int argc, char **argv)
{
    int id;
    socklen_t listen_len = 0;
    while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        char line[128];
        switch (id) {
        case 'l':
            parse_address(optarg, &bc_impair.listen, &listen_len);
            break;
        case 't':
            parse_address(optarg, &bc_impair.to, &bc_impair.address_len);
            break;
        case 's':
            bc_impair.seed = strtoull(optarg, NULL, 10);
            break;
        case 'c':
            apply(optarg);
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        case '?':
            fputs(usage, stderr);
            exit(2);
        default:
            snprintf(line, sizeof(line), "%s %s", names[id], optarg);
            apply(line);
        }
    }
    if (optind != argc || !listen_len || !bc_impair.address_len) {
        fputs(usage, stderr);
        exit(2);
    }
    if (listen_len != bc_impair.address_len) {
        bc_die("both addresses must be of one family");
    }
}

static void
on_signal(int number)
{
    (void)number;
    bc_loop_stop();
}

static int64_t
step(int64_t now_us)
{
    int64_t udp_us = bc_udp_step(now_us);
    int64_t tcp_us = bc_tcp_step(now_us);
    if (udp_us < 0 || tcp_us < 0) {
        return udp_us < 0 ? tcp_us : udp_us;
    }
    return udp_us < tcp_us ? udp_us : tcp_us;
}

int
main(int argc, char **argv)
{
    parse_options(argc, argv);
    prctl(PR_SET_TIMERSLACK, 1000UL); // ns: packets leave on time
    struct sigaction stop = { .sa_handler = on_signal };
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    bc_loop_init();
    bc_tcp_init(); // says the port, so it comes first
    bc_udp_init();
    bc_control_init();
    printf("listening %d\n", ntohs(bc_impair.listen.v4.sin_port)); // v6's is in its place
    fflush(stdout);
    bc_loop_run(step);
    bc_udp_finish();
    bc_tcp_finish();
    bc_control_write_stats();
    return 0;
}
