// SPDX-License-Identifier: Apache-2.0
#include "check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/writer.h"
#include "config/config.h"
#include "report.h"

#define DELAY_MIN_S 10
#define SHA256_HEX 64
#define PASSPHRASE_MIN 10

const char *
bc_check_secret(const char *text)
{
    if (strncmp(text, "sha256:", 7) == 0) {
        text += 7;
        size_t digits = strspn(text, "0123456789abcdefABCDEF");
        return digits == SHA256_HEX && text[digits] == '\0'
            ? NULL
            : "after sha256: come 64 hexadecimal digits";
    }
    // What an encoder's stream key field and a URL can carry.
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~' || strchr("&?#%", *text)) {
            return "a key is printable ASCII without spaces and without & ? # %";
        }
    }
    return NULL;
}

const char *
bc_check_origin(const char *text)
{
    if (strcmp(text, "*") == 0) {
        return NULL;
    }
    const char *host = strncmp(text, "http://", 7) == 0 ? text + 7
        : strncmp(text, "https://", 8) == 0             ? text + 8
                                                        : "";
    size_t len = strlen(host);
    if (len == 0 || strcspn(host, "/ ,;\"'") != len) {
        return "is neither * nor an origin such as https://www.example.com";
    }
    return NULL;
}

// A comma or semicolon would break the Link header apart (WH-8).
const char *
bc_check_ice_servers(const char *text)
{
    if (strcspn(text, ",;<>\"\\") != strlen(text)) {
        return "must not contain any of , ; < > \" \\";
    }
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, " ");
        bool is_url = strncmp(p, "stun:", 5) == 0 || strncmp(p, "turn:", 5) == 0
            || strncmp(p, "turns:", 6) == 0;
        if (len > 0 && (!is_url || len < 7)) {
            return "is a list of stun:HOST:PORT and turn:USER:PASSWORD@HOST:PORT, "
                   "separated by spaces";
        }
        p += len + (p[len] == ' ');
    }
    return NULL;
}

// What libsrt takes; the length's upper bound is the key's.
const char *
bc_check_passphrase(const char *text)
{
    size_t len = strlen(text);
    if (len > 0 && len < PASSPHRASE_MIN) {
        return "a passphrase has 10 to 79 characters";
    }
    for (; *text; text++) {
        if (*text < ' ' || *text > '~') {
            return "a passphrase is printable ASCII";
        }
    }
    return NULL;
}

// The checks of one load.
struct checker {
    const struct bc_config *cfg;
    const struct bc_origins *origins;
    struct bc_report *report;
};

// Reports at the line of `key`, or of `other` when `key` has its default.
static void
fail(struct checker *c, const char *key, const char *other, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
fail(struct checker *c, const char *key, const char *other, const char *fmt, ...)
{
    char message[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    size_t at = (size_t)(bc_schema_key(key) - BC_CONFIG_KEYS);
    if (!c->origins->at[at].file && other) {
        at = (size_t)(bc_schema_key(other) - BC_CONFIG_KEYS);
    }
    const char *file = c->origins->at[at].file;
    c->report->file = file ? file : "configuration";
    c->report->has_lines = true;
    bc_report_error(c->report, c->origins->at[at].line, "%s: %s", key, message);
}

static void
check_hls(struct checker *c)
{
    const struct bc_config_hls *hls = &c->cfg->hls;
    if (hls->segment_s > hls->target_s) {
        fail(c, "hls.segment_s", "hls.target_s",
            "%" PRId64 " is more than hls.target_s, which is %" PRId64, hls->segment_s,
            hls->target_s);
    }
    if (hls->part_ms > hls->segment_s * 1000) {
        fail(c, "hls.part_ms", "hls.segment_s",
            "%" PRId64 " is longer than a segment, hls.segment_s is %" PRId64,
            hls->part_ms, hls->segment_s);
    }
    // CAN-SKIP-UNTIL is at least six target durations (RFC 8216bis 4.4.3.8).
    if (hls->window_s < 6 * hls->target_s) {
        fail(c, "hls.window_s", "hls.target_s",
            "%" PRId64 " is less than 6 times hls.target_s, which is %" PRId64,
            hls->window_s, hls->target_s);
    }
}

static void
check_file(struct checker *c, const char *key, const char *path)
{
    if (path[0] && access(path, R_OK) != 0) {
        char shown[BC_SHOWN_BYTES];
        fail(c, key, NULL, "%s: %s", bc_report_shown(path, shown), strerror(errno));
    }
}

static void
check_tls(struct checker *c)
{
    const struct bc_config_tls *tls = &c->cfg->tls;
    if (tls->cert[0] && !tls->key[0]) {
        fail(c, "tls.cert", NULL, "needs tls.key beside it");
    } else if (tls->key[0] && !tls->cert[0]) {
        fail(c, "tls.key", NULL, "needs tls.cert beside it");
    }
    check_file(c, "tls.cert", tls->cert);
    check_file(c, "tls.key", tls->key);
}

static void
check_access(struct checker *c)
{
    const struct bc_config_access *access = &c->cfg->access;
    if (access->play == BC_ACCESS_TOKEN && !access->play_key[0]) {
        fail(c, "access.play", NULL, "token needs access.play_key, else nobody can play");
    }
}

static bool
lists_share(const struct bc_config_listen_list *a, const struct bc_config_listen_list *b)
{
    for (size_t i = 0; i < a->n; i++) {
        // A list compared with itself: each pair once, and nothing with itself.
        for (size_t j = a == b ? i + 1 : 0; j < b->n; j++) {
            if (a->items[i].port == b->items[j].port
                && strcmp(a->items[i].host, b->items[j].host) == 0) {
                return true;
            }
        }
    }
    return false;
}

// With SO_REUSEPORT the kernel would let two of our listeners share an address, and hand
// connections to either.
static void
check_listeners(struct checker *c)
{
    const struct {
        const char *key;
        const struct bc_config_listen_list *list;
        bool tcp;
        bool udp;
    } lists[] = {
        { "rtmp.listen", &c->cfg->rtmp.listen, true, false },
        { "rtmps.listen", &c->cfg->rtmps.listen, true, false },
        { "http.listen", &c->cfg->http.listen, true, false },
        { "https.listen", &c->cfg->https.listen, true, false },
        { "webrtc.listen", &c->cfg->webrtc.listen, true, true },
        { "srt.listen", &c->cfg->srt.listen, false, true },
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (size_t j = 0; j <= i; j++) {
            bool meet = (lists[i].tcp && lists[j].tcp) || (lists[i].udp && lists[j].udp);
            if (meet && lists_share(lists[i].list, lists[j].list)) {
                fail(c, lists[i].key, lists[j].key, "an address is %s%s",
                    i == j ? "listed twice" : "also in ", i == j ? "" : lists[j].key);
            }
        }
    }
}

static void
check_delays(struct checker *c)
{
    for (size_t i = 0; i < c->cfg->n_channels; i++) {
        const struct bc_config_channel *channel = &c->cfg->channels[i];
        if (channel->delay_s > 0 && channel->delay_s < DELAY_MIN_S) {
            c->report->file = "configuration";
            c->report->has_lines = false;
            bc_report_error(c->report, 0, "channels.%s.delay_s: must be 0, or 10 to 60",
                channel->name);
        }
    }
}

void
bc_check_config(
    const struct bc_config *cfg, const struct bc_origins *origins, struct bc_report *r)
{
    struct checker c = { cfg, origins, r };
    check_hls(&c);
    check_tls(&c);
    check_access(&c);
    check_delays(&c);
    check_listeners(&c);
}

static bool
is_public(const struct bc_config_listen_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *host = list->items[i].host;
        if (strncmp(host, "127.", 4) != 0 && strcmp(host, "::1") != 0) {
            return true;
        }
    }
    return false;
}

void
bc_config_warnings(const struct bc_config *cfg, struct bc_writer *out)
{
    bool https = cfg->tls.cert[0] && is_public(&cfg->https.listen);
    bool web = is_public(&cfg->http.listen) || https;
    const char *open = is_public(&cfg->rtmp.listen) ? "rtmp.listen"
        : is_public(&cfg->srt.listen)               ? "srt.listen"
                                                    : NULL;
    if (cfg->access.publish == BC_ACCESS_OPEN && open) {
        bc_write_fmt(out,
            "access.publish is open and %s is not on loopback only: "
            "anybody who reaches this server can publish\n",
            open);
    }
    if (cfg->access.api == BC_ACCESS_OPEN && web) {
        bc_write_str(out,
            "access.api is open and HTTP is not on loopback only: "
            "anybody who reaches this server can use the API\n");
    }
}
