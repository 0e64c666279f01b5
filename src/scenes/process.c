// SPDX-License-Identifier: Apache-2.0
// The composers that run on this machine: children of the server.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenes_internal.h"

#define PROGRAM "/proc/self/exe"
#define KILL_US 3000000
#define BACK_OFF_MIN_US 500000
#define BACK_OFF_MAX_US 10000000
// What ran so long begins with a short back-off again.
#define WELL_US 30000000
#define ENVIRONMENT_MAX 512

extern char **environ;

// --- starting ---

// "http://127.0.0.1:8080", where the server listens itself. False: nowhere.
static bool
own_address(const struct bc_config *config, char *out, size_t len)
{
    if (config->http.listen.n == 0 || config->rtmp.listen.n == 0) {
        return false;
    }
    const struct bc_config_listen *at = &config->http.listen.items[0];
    bool any = at->host[0] == '\0' || strcmp(at->host, "0.0.0.0") == 0
        || strcmp(at->host, "::") == 0;
    const char *host = any ? "127.0.0.1" : at->host;
    bool v6 = strchr(host, ':') != NULL;
    snprintf(out, len, v6 ? "http://[%s]:%u" : "http://%s:%u", host, (unsigned)at->port);
    return true;
}

static bool
is_ours(const char *variable)
{
    return strncmp(variable, "BRANCHCAST_TOKEN=", 17) == 0
        || strncmp(variable, "BRANCHCAST_PARENT=", 18) == 0;
}

// The token is in the environment, as everybody may read command lines.
static void
make_environment(char *token, char *parent, char **out)
{
    size_t n = 0;
    for (char **v = environ; *v && n < ENVIRONMENT_MAX - 3; v++) {
        if (!is_ours(*v)) {
            out[n++] = *v;
        }
    }
    out[n++] = token;
    out[n++] = parent;
    out[n] = NULL;
}

static int
spawn(struct scenes_composer *c, int output, char *const *argv, char *const *env)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    int ret = posix_spawn_file_actions_init(&files);
    if (ret != 0) {
        return -ret;
    }
    ret = posix_spawnattr_init(&attributes);
    if (ret == 0) {
        ret = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        ret = ret ? ret : posix_spawn_file_actions_adddup2(&files, output, 1);
        ret = ret ? ret : posix_spawn_file_actions_adddup2(&files, output, 2);
        ret = ret ? ret : posix_spawn_file_actions_addclosefrom_np(&files, 3);
        ret = ret ? ret : posix_spawnattr_setsigmask(&attributes, &none);
        ret = ret ? ret : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        pid_t pid = 0;
        ret = ret ? ret : posix_spawn(&pid, PROGRAM, &files, &attributes, argv, env);
        c->pid = ret ? 0 : pid;
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return -ret;
}

static int
run(struct bc_scenes *s, struct scenes_composer *c, char *address)
{
    char id[24];
    char token[128];
    char parent[40];
    char *env[ENVIRONMENT_MAX];
    int ends[2];
    // Not const, as posix_spawn() has it.
    char program[] = "branchcast";
    char command[] = "compose";
    char server[] = "--server";
    char composer[] = "--composer";
    char cards[] = "--cards";
    char *argv[] = { program, command, server, address, composer, id, NULL, NULL, NULL };
    if (s->config->cards.dir[0]) {
        argv[6] = cards;
        argv[7] = s->config->cards.dir;
    }
    snprintf(id, sizeof(id), "%" PRIu64, scenes_composer_number(c));
    snprintf(token, sizeof(token), "BRANCHCAST_TOKEN=%s", s->token);
    snprintf(parent, sizeof(parent), "BRANCHCAST_PARENT=%ld", (long)getpid());
    make_environment(token, parent, env);
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -errno;
    }
    int ret = spawn(c, ends[1], argv, env);
    explicit_bzero(token, sizeof(token));
    close(ends[1]);
    if (ret == 0) {
        c->pipe = ends[0];
        fcntl(c->pipe, F_SETFL, O_NONBLOCK);
    } else {
        close(ends[0]);
    }
    return ret;
}

static void
back_off(struct scenes_composer *c, int64_t now_us)
{
    int64_t next = c->back_off_us * 2;
    c->back_off_us = next < BACK_OFF_MIN_US ? BACK_OFF_MIN_US
        : next > BACK_OFF_MAX_US            ? BACK_OFF_MAX_US
                                            : next;
    c->start_us = now_us + c->back_off_us;
}

static void
start(struct bc_scenes *s, struct scenes_composer *c, int64_t now_us)
{
    char address[80];
    int ret = own_address(s->config, address, sizeof(address)) ? 0 : -EADDRNOTAVAIL;
    ret = ret == 0 && !scenes_board_claim(&s->board, c, now_us) ? -EIO : ret;
    ret = ret == 0 ? run(s, c, address) : ret;
    if (ret != 0) {
        bc_error(&c->log, "cannot be started: %s",
            ret == -EADDRNOTAVAIL ? "composers need http.listen and rtmp.listen"
                                  : strerror(-ret));
        back_off(c, now_us);
        return;
    }
    c->starts++;
    c->started_us = now_us;
    c->stop_us = 0;
    c->killed = false;
    c->line_len = 0;
    bc_info(&c->log, "started as process %ld for %.100s", (long)c->pid,
        c->scene->n_inputs ? c->scene->inputs[0] : "a scene without inputs");
}

// --- ending ---

void
scenes_process_stop(struct scenes_composer *c, int64_t now_us)
{
    if (c->pid == 0) {
        return;
    }
    if (c->stop_us == 0) {
        c->stop_us = now_us;
        kill(c->pid, SIGTERM);
    } else if (!c->killed && now_us - c->stop_us >= KILL_US) {
        c->killed = true;
        bc_warn(&c->log, "does not end, and is killed");
        kill(c->pid, SIGKILL);
    }
}

bool
scenes_process_reap(struct scenes_composer *c, int64_t now_us)
{
    int status = 0;
    if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) != c->pid) {
        return false;
    }
    while (c->pipe >= 0 && scenes_process_read(c)) {
        // its last words
    }
    if (c->stop_us != 0) {
        bc_info(&c->log, "has ended");
        c->back_off_us = 0;
        c->start_us = now_us;
    } else {
        c->back_off_us = now_us - c->started_us >= WELL_US ? 0 : c->back_off_us;
        back_off(c, now_us);
        bc_warn(&c->log, "died (%s %d), the next one starts in %" PRId64 " ms",
            WIFSIGNALED(status) ? "signal" : "code",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
            c->back_off_us / 1000);
    }
    if (c->pipe >= 0) {
        close(c->pipe);
        c->pipe = -1;
    }
    c->pid = 0;
    c->stop_us = 0;
    return true;
}

// --- what it says ---

static void
take_byte(struct scenes_composer *c, char byte)
{
    if (byte != '\n') {
        bool plain = (unsigned char)byte >= ' ' || byte == '\t';
        c->line[c->line_len++] = plain ? byte : '?';
    }
    if (c->line_len > 0 && (byte == '\n' || c->line_len == sizeof(c->line))) {
        bc_info(&c->log, "%.*s", (int)c->line_len, c->line);
        c->line_len = 0;
    }
}

bool
scenes_process_read(struct scenes_composer *c)
{
    char bytes[1024];
    ssize_t n = read(c->pipe, bytes, sizeof(bytes));
    for (ssize_t i = 0; i < n; i++) {
        take_byte(c, bytes[i]);
    }
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        close(c->pipe);
        c->pipe = -1;
    }
    return n > 0;
}

void
scenes_process_look(struct bc_scenes *s, struct scenes_composer *c, bool live,
    int64_t now_us)
{
    bool here = s->config->compose.local && !s->stopping && c->users > 0;
    if (c->pid != 0 && (!c->due || !here || c->stop_us != 0)) {
        scenes_process_stop(c, now_us);
    } else if (c->pid == 0 && live && here && now_us >= c->start_us) {
        start(s, c, now_us);
    }
}
