// SPDX-License-Identifier: Apache-2.0
// The command "compose": arguments and signals.
#include "command/compose.h"

#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "compose/compose.h"

#define EXIT_USAGE 2
#define SERVER_MAX 512

static const char HELP[] =
    "usage: branchcast compose --server URL (--composer ID | --channel APP/STREAM) "
    "[options]\n"
    "\n"
    "Plays the inputs of a composite channel, draws its scene and publishes the result. "
    "The\n"
    "server starts such processes by itself (compose.local); on another machine start "
    "it\n"
    "with --channel. What to do, the server tells; see docs/compose.md.\n"
    "\n"
    "      --server URL        the server's HTTP address, e.g. http://10.0.0.5:8080\n"
    "      --composer ID       which of the server's composers this is\n"
    "      --channel NAME      asks the server for the composer of this channel\n"
    "      --cards DIR         more card templates (cards.dir of the server)\n"
    "      --token T           for the server's API; or set BRANCHCAST_TOKEN\n"
    "      --log-format FORMAT text or json\n"
    "      --log-level LEVEL   error, warn, info, debug, trace\n"
    "  -h, --help\n"
    "\n"
    "Exit code 0: the server does not want it any more, or SIGTERM; 1: it could not "
    "start.\n";

static atomic_bool stop;

static void
on_signal(int signal)
{
    (void)signal;
    atomic_store(&stop, true);
}

static void
take_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    // A server that starts us has them blocked for its own descriptor.
    sigset_t all;
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

// Ends with the server that started it, whatever ends that. False: it has ended already.
static bool
stay_with_parent(void)
{
    const char *parent = getenv("BRANCHCAST_PARENT");
    if (!parent) {
        return true;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    return atol(parent) == (long)getppid();
}

static bool
set_level(const char *text)
{
    enum bc_log_level level = bc_log_level_parse(text);
    if (level != BC_LOG_INVALID) {
        bc_log_set_level(level);
    }
    return level != BC_LOG_INVALID;
}

// False: the usage is due. `*help`: it was asked for.
static bool
parse(int argc, char **argv, struct bc_compose_params *p, bool *help)
{
    static const struct option OPTIONS[] = {
        { "server", required_argument, NULL, 's' },
        { "composer", required_argument, NULL, 'i' },
        { "channel", required_argument, NULL, 'c' },
        { "cards", required_argument, NULL, 'd' },
        { "token", required_argument, NULL, 't' },
        { "log-format", required_argument, NULL, 'F' },
        { "log-level", required_argument, NULL, 'L' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int opt;
    bool ok = true;
    while (ok && (opt = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1) {
        switch (opt) {
        case 's':
            p->server = optarg;
            break;
        case 'i':
            p->composer = optarg;
            break;
        case 'c':
            p->channel = optarg;
            break;
        case 'd':
            p->cards = optarg;
            break;
        case 't':
            p->token = optarg;
            break;
        case 'F':
            bc_log_set_format(
                strcmp(optarg, "json") == 0 ? BC_LOG_FORMAT_JSON : BC_LOG_FORMAT_TEXT);
            break;
        case 'L':
            ok = set_level(optarg);
            break;
        case 'h':
            *help = true;
            return true;
        default:
            ok = false;
        }
    }
    return ok && optind == argc && p->server && (p->composer || p->channel);
}

int
bc_compose_command(int argc, char **argv)
{
    const char *token = getenv("BRANCHCAST_TOKEN");
    struct bc_compose_params params = { .token = token && token[0] ? token : NULL };
    char server[SERVER_MAX];
    bool help = false;
    if (!parse(argc, argv, &params, &help)) {
        fputs(HELP, stderr);
        return EXIT_USAGE;
    }
    if (help) {
        fputs(HELP, stdout);
        return EXIT_SUCCESS;
    }
    size_t len = strlen(params.server);
    while (len > 0 && params.server[len - 1] == '/') {
        len--;
    }
    if (len == 0 || len >= sizeof(server)) {
        fputs(HELP, stderr);
        return EXIT_USAGE;
    }
    memcpy(server, params.server, len);
    server[len] = '\0';
    params.server = server;
    take_signals();
    if (!stay_with_parent()) {
        return EXIT_SUCCESS;
    }
    return bc_compose_run(&params, &stop) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
