// SPDX-License-Identifier: Apache-2.0
// Starting the process that takes over, or this one again when that failed.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parts.h"
#include "handover.h"

#define RESTART_DRAIN_US 1500000

// The program's file as it is now: an update has put another one in its place.
static bool
find_program(char out[static 4096])
{
    static const char DELETED[] = " (deleted)";
    ssize_t n = readlink("/proc/self/exe", out, 4095);
    if (n <= 0) {
        return false;
    }
    out[n] = '\0';
    size_t tail = sizeof(DELETED) - 1;
    if ((size_t)n > tail && strcmp(out + n - tail, DELETED) == 0) {
        out[(size_t)n - tail] = '\0';
    }
    return true;
}

void
bc_server_handover_restart(struct bc_server *s)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        bc_error(NULL, "cannot start again: %s", strerror(errno));
        return;
    }
    const int bytes = BC_SERVER_HANDOVER_SEND_BYTES;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
    // The whole talk at once: what we start reads it, and nobody answers.
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    bool ok = bc_server_offer(s, pair[0]) == 0 && bc_server_say(pair[0], BC_HANDOVER_RELEASED, "") == 0;
    bc_server_drain(s, RESTART_DRAIN_US);
    char text[16];
    snprintf(text, sizeof(text), "%d", pair[1]);
    // What libraries opened must not stay open in the new program: its ports are its own.
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    ok = ok && fcntl(pair[1], F_SETFD, 0) == 0 && setenv(BC_SERVER_HANDOVER_ENV, text, 1) == 0;
    if (ok) {
        bc_warn(NULL, "starting again");
        sigset_t none;
        sigemptyset(&none);
        pthread_sigmask(SIG_SETMASK, &none, NULL);
        execv("/proc/self/exe", s->argv); // the file that ran so far, not a broken update
    }
    bc_error(NULL, "cannot start again: %s", strerror(errno));
}

static bool
has_word(char **words, const char *word)
{
    bool has = false;
    for (; *words && !has; words++) {
        has = strcmp(*words, word) == 0;
    }
    return has;
}

static int
spawn(const char *program, char **argv, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    int ret = posix_spawn(out, program, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -ret;
}

void
bc_server_handover_spawn(struct bc_server *s)
{
    static char TAKE_OVER[] = "--take-over";
    char program[4096];
    size_t n = 0;
    while (s->argv[n]) {
        n++;
    }
    char **argv = calloc(n + 2, sizeof(*argv));
    if (!argv || !find_program(program) || s->handover->successor > 0) {
        bc_warn(NULL, "no new process now");
        free(argv);
        return;
    }
    memcpy(argv, s->argv, n * sizeof(*argv));
    if (!has_word(s->argv, TAKE_OVER)) {
        argv[n] = TAKE_OVER;
    }
    int ret = spawn(program, argv, &s->handover->successor);
    if (ret != 0) {
        s->handover->successor = 0;
        bc_error(NULL, "cannot start %s: %s", program, strerror(-ret));
    } else {
        bc_info(NULL, "started %s as process %ld", program, (long)s->handover->successor);
    }
    free(argv);
}
