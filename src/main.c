// SPDX-License-Identifier: Apache-2.0
// Arguments and signals.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "access/keys.h"
#include "base/clock.h"
#include "base/writer.h"
#include "config/config.h"
#include "command/card.h"
#include "command/catalogue.h"
#include "command/clip.h"
#include "command/compose.h"
#include "server/server.h"

#define EXIT_USAGE 2
#define OVERRIDES_MAX 64
#define TICK_MS 1000

static const char HELP[] =
    "Branchcast " BC_VERSION " - a live video server for shops\n"
    "\n"
    "usage: branchcast COMMAND [options]      (each command has its own --help)\n"
    "\n"
    "  serve     run the server; works without any configuration\n"
    "  check     validate a configuration file and print what it means\n"
    "  clip      write a piece of a recording as an MP4\n"
    "  card      draw a filled card template\n"
    "  catalogue rebuild or print the list of replays and clips\n"
    "  compose   draw a composite channel (the server starts it by itself)\n"
    "  version   print the version\n"
    "\n"
    "First steps:\n"
    "  branchcast serve\n"
    "      then push from OBS to the server and stream key that it prints, and open\n"
    "      http://localhost:8080/ to watch\n"
    "  branchcast serve --set access.publish=open\n"
    "      let anybody publish (for trials on your own machine only)\n";

static const char SERVE_HELP[] =
    "usage: branchcast serve [-c FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Runs the server until SIGTERM or SIGINT (drains first). SIGHUP reloads the file and "
    "the\n"
    "certificates. SIGUSR2 starts the program's file anew with --take-over. Logs go to "
    "stderr.\n"
    "\n"
    "  -c, --config FILE       YAML file; conf/branchcast.yaml explains every key\n"
    "  -s, --set KEY=VALUE     overrides one key, e.g. --set http.listen=:80\n"
    "                          --set 'channels.live/hq.publish_key=secret'\n"
    "      --log-format FORMAT text or json (the same as --set log.format=...)\n"
    "      --log-level LEVEL   error, warn, info, debug, trace\n"
    "      --take-over         from the server that works in data.dir now: no connection "
    "is refused\n"
    "  -h, --help\n"
    "\n"
    "Without a file: data under ./data, RTMP on 1935, HTTP on 8080. The first start "
    "makes a\n"
    "publish key and an administrator's token, keeps them under data/keys and prints "
    "them.\n";

static const char CHECK_HELP[] =
    "usage: branchcast check [-c FILE] [--set KEY=VALUE]...\n"
    "\n"
    "Reads the configuration as serve would, reports every error with file and line, and "
    "prints\n"
    "the effective values (secrets masked). Exit code 0: fine, 1: errors.\n";

// What the command line said.
struct arguments {
    const char *config_path;
    const char *overrides[OVERRIDES_MAX];
    size_t override_count;
    char texts[2][64]; // overrides made from --log-format and --log-level
    int words_wanted;  // how many arguments that are no options the command has
    char **words;
    bool help;
    bool take_over;
    char **argv; // all of it
};

static bool
add_override(struct arguments *args, const char *text)
{
    if (!strchr(text, '=')) {
        fprintf(stderr, "branchcast: --set wants KEY=VALUE, not '%s'\n", text);
        return false;
    }
    if (args->override_count == OVERRIDES_MAX) {
        fprintf(stderr, "branchcast: too many --set; put them into a file and use -c\n");
        return false;
    }
    args->overrides[args->override_count++] = text;
    return true;
}

static bool
parse(int argc, char **argv, struct arguments *args)
{
    static const struct option OPTIONS[] = {
        { "config", required_argument, NULL, 'c' },
        { "set", required_argument, NULL, 's' },
        { "log-format", required_argument, NULL, 'F' },
        { "log-level", required_argument, NULL, 'L' },
        { "take-over", no_argument, NULL, 'T' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    int opt;
    bool ok = true;
    while (ok && (opt = getopt_long(argc, argv, "c:s:h", OPTIONS, NULL)) != -1) {
        switch (opt) {
        case 'c':
            args->config_path = optarg;
            break;
        case 's':
            ok = add_override(args, optarg);
            break;
        case 'F':
            snprintf(args->texts[0], sizeof(args->texts[0]), "log.format=%.32s", optarg);
            ok = add_override(args, args->texts[0]);
            break;
        case 'L':
            snprintf(args->texts[1], sizeof(args->texts[1]), "log.level=%.32s", optarg);
            ok = add_override(args, args->texts[1]);
            break;
        case 'T':
            args->take_over = true;
            break;
        case 'h':
            args->help = true;
            break;
        default:
            return false;
        }
    }
    args->words = argv + optind;
    if (ok && !args->help && argc - optind > args->words_wanted) {
        fprintf(stderr, "branchcast: unexpected argument '%s'\n",
            args->words[args->words_wanted]);
        return false;
    }
    if (ok && !args->help && argc - optind < args->words_wanted) {
        fprintf(stderr, "branchcast: an argument is missing\n");
        return false;
    }
    return ok;
}

static struct bc_config *
load(const struct arguments *args)
{
    struct bc_config *config = NULL;
    struct bc_writer errors = { 0 };
    if (bc_config_load(args->config_path, args->overrides, args->override_count, &config,
            &errors) != 0) {
        fprintf(stderr, "%.*s", (int)errors.len, errors.data ? (char *)errors.data : "");
        fprintf(stderr,
            "branchcast: the configuration has errors; conf/branchcast.yaml and "
            "docs/config.md explain every key\n");
    }
    bc_writer_finish(&errors);
    return config;
}

static int
run_check(const struct arguments *args)
{
    struct bc_config *config = load(args);
    if (!config) {
        return EXIT_FAILURE;
    }
    struct bc_writer warnings = { 0 };
    bc_config_warnings(config, &warnings);
    fprintf(
        stderr, "%.*s", (int)warnings.len, warnings.data ? (char *)warnings.data : "");
    bc_writer_finish(&warnings);
    bc_config_print_effective(config, stdout);
    bc_config_unref(&config);
    return EXIT_SUCCESS;
}

static unsigned
first_port(const struct bc_config_listen_list *list)
{
    return list->n > 0 ? list->items[0].port : 0;
}

// Browsers give the camera to pages by HTTPS and from the same machine only.
static void
print_pages(const struct bc_config *c)
{
    unsigned http = first_port(&c->http.listen);
    if (c->webrtc.listen.n > 0 && c->tls.cert[0] && c->https.listen.n > 0) {
        printf("From a browser, with the same key: "
               "https://THIS-HOST:%u/go-live/live/hq\n",
            first_port(&c->https.listen));
    } else if (c->webrtc.listen.n > 0) {
        printf("From a browser, with the same key: http://localhost:%u/go-live/live/hq\n"
               "  (from other machines with HTTPS only: set tls.cert)\n",
            http);
    }
    printf("Watch:  http://THIS-HOST:%u/watch/live/hq\n\n", http);
}

// What to paste where. The secrets are shown once, when they are made; later the files
// have them.
static void
print_welcome(const struct bc_server *s)
{
    const struct bc_config *c = s->config;
    bool open = c->access.publish == BC_ACCESS_OPEN;
    printf("\nOBS > Settings > Stream > Service: Custom\n");
    printf("  Server:     rtmp://THIS-HOST:%u/live\n", first_port(&c->rtmp.listen));
    if (c->tls.cert[0] && c->rtmps.listen.n > 0) {
        printf("  encrypted:  rtmps://THIS-HOST:%u/live\n", first_port(&c->rtmps.listen));
    }
    if (open) {
        printf("  Stream key: hq\n");
    } else if (bc_keys_is_new(s->keys) && !c->access.publish_key[0]) {
        printf("  Stream key: hq?key=%s\n", bc_keys_publish_key(s->keys));
        printf("Administrator's token for the API: %s\n", bc_keys_admin_token(s->keys));
        printf(
            "Both are kept under %s/keys; this is the only time that they are printed.\n",
            c->data.dir);
    } else {
        printf("  Stream key: hq?key=KEY   (KEY: %s)\n",
            c->access.publish_key[0] ? "access.publish_key of the configuration"
                                     : "in the data directory, keys/");
    }
    print_pages(c);
    fflush(stdout);
}

// Blocks the signals that we want before any thread starts, so that they come by the
// descriptor returned. Negative with errno set.
static int
take_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Until somebody ends it, or another process takes over.
static enum bc_server_turn
serve(struct bc_server *server, int signals)
{
    enum bc_server_turn turn = BC_SERVER_GO_ON;
    int64_t tick_us = 0;
    while (turn == BC_SERVER_GO_ON) {
        struct pollfd fds[1 + BC_SERVER_HANDOVER_FDS];
        fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
        size_t n = 1 + bc_server_handover_watch(server, fds + 1);
        (void)poll(fds, (nfds_t)n, TICK_MS);
        struct signalfd_siginfo signal;
        while (read(signals, &signal, sizeof(signal)) == sizeof(signal)) {
            if (signal.ssi_signo == SIGHUP) {
                bc_server_reload(server);
            } else if (signal.ssi_signo == SIGUSR2) {
                bc_server_handover_spawn(server);
            } else {
                return BC_SERVER_LEAVE;
            }
        }
        turn = bc_server_handover_turn(server);
        if (turn == BC_SERVER_GO_ON && bc_clock_us() >= tick_us) {
            bc_server_tick(server);
            tick_us = bc_clock_us() + TICK_MS * 1000;
        }
    }
    return turn;
}

static int
run_serve(struct arguments *args)
{
    struct bc_server server = { .config = load(args), .config_path = args->config_path,
        .argv = args->argv, .take_over = args->take_over,
        .overrides = args->overrides, .override_count = args->override_count };
    if (!server.config) {
        return EXIT_FAILURE;
    }
    int signals = take_signals();
    if (signals < 0 || bc_server_start(&server) != 0) {
        return EXIT_FAILURE;
    }
    if (!args->take_over) {
        print_welcome(&server);
    }
    if (serve(&server, signals) == BC_SERVER_RESTART) {
        bc_server_handover_restart(&server);
    }
    bc_server_stop(&server);
    return EXIT_SUCCESS;
}

static int
run_clip(struct arguments *args)
{
    if (args->help) {
        fputs(BC_CLIP_HELP, stdout);
        return EXIT_SUCCESS;
    }
    struct bc_config *config = load(args);
    if (!config) {
        return EXIT_FAILURE;
    }
    int code = bc_clip_command(args->words, config);
    bc_config_unref(&config);
    return code;
}

static int
run_command(const char *name, struct arguments *args)
{
    if (strcmp(name, "clip") == 0) {
        return run_clip(args);
    }
    bool serve = strcmp(name, "serve") == 0;
    if (args->help) {
        fputs(serve ? SERVE_HELP : CHECK_HELP, stdout);
        return EXIT_SUCCESS;
    }
    return serve ? run_serve(args) : run_check(args);
}

// "branchcast catalogue COMMAND": `argv` begins with "catalogue".
static int
run_catalogue(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    if (name && (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)) {
        fputs(BC_CATALOGUE_HELP, stdout);
        return EXIT_SUCCESS;
    }
    struct arguments args = { 0 };
    if (!bc_catalogue_command_exists(name) || !parse(argc - 1, argv + 1, &args)) {
        fputs(BC_CATALOGUE_HELP, stderr);
        return EXIT_USAGE;
    }
    if (args.help) {
        fputs(BC_CATALOGUE_HELP, stdout);
        return EXIT_SUCCESS;
    }
    struct bc_config *config = load(&args);
    if (!config) {
        return EXIT_FAILURE;
    }
    int code = bc_catalogue_command(name, config);
    bc_config_unref(&config);
    return code;
}

int
main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0
        || strcmp(command, "help") == 0) {
        fputs(HELP, stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        puts("branchcast " BC_VERSION);
        return EXIT_SUCCESS;
    }
    if (strcmp(command, "catalogue") == 0) {
        return run_catalogue(argc - 1, argv + 1);
    }
    if (strcmp(command, "card") == 0) {
        return bc_card_command(argc - 1, argv + 1);
    }
    if (strcmp(command, "compose") == 0) {
        return bc_compose_command(argc - 1, argv + 1);
    }
    bool clip = strcmp(command, "clip") == 0;
    if (strcmp(command, "serve") != 0 && strcmp(command, "check") != 0 && !clip) {
        fprintf(stderr, command[0] ? "branchcast: unknown command '%s'\n\n"
                                   : "branchcast: a command is missing%s\n\n",
            command);
        fputs(HELP, stderr);
        return EXIT_USAGE;
    }
    struct arguments args = { .words_wanted = clip ? BC_CLIP_WORDS : 0, .argv = argv };
    if (!parse(argc - 1, argv + 1, &args)) {
        fprintf(stderr, "try: branchcast %s --help\n", command);
        return EXIT_USAGE;
    }
    return run_command(command, &args);
}
