// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "candidate.h"
#include "protocol/webrtc/sdp.h"
#include "section.h"
#include "text.h"

// The transport's attributes, as the session or one section has them.
struct transport {
    char ufrag[BC_SDP_UFRAG_MAX + 1];
    char pwd[BC_SDP_PWD_MAX + 1];
    enum bc_sdp_setup setup;
    struct bc_sdp_fingerprint fingerprints[BC_SDP_FINGERPRINTS_MAX];
    unsigned fingerprint_count;
};

// One description while it is read. On the stack of bc_sdp_parse().
struct parser {
    struct sdp_lines lines;
    struct bc_sdp *out;
    struct transport session;
    struct transport own; // of the section
    bool has_transport; // a section's was taken
    struct sdp_section section;
    bool in_section;
    enum bc_sdp_direction direction; // the session's, for sections without one
    struct sdp_extmap extmaps[SDP_EXT_COUNT];
    struct sdp_span bundle; // the mids of the first BUNDLE group
    uint32_t ssrcs[BC_SDP_MEDIA_MAX * SDP_SSRCS_MAX];
    unsigned ssrc_count;
};

static int
hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
fingerprint_value_parse(
    struct sdp_span text, struct bc_sdp_fingerprint *out, unsigned len)
{
    while (text.len > 0 && out->len < len) {
        struct sdp_span byte = sdp_take(&text, ':');
        int high = byte.len == 2 ? hex(byte.p[0]) : -1;
        int low = byte.len == 2 ? hex(byte.p[1]) : -1;
        if (high < 0 || low < 0) {
            return false;
        }
        out->value[out->len++] = (uint8_t)(high << 4 | low);
    }
    return text.len == 0 && out->len == len;
}

// fingerprint:<hash> <AB:CD:…>, RFC 8122 5. MD5 and SHA-1 prove nothing, so they are
// passed over like hashes that nobody knows.
static int
fingerprint_parse(struct transport *t, struct sdp_span value, struct sdp_lines *lines)
{
    static const struct {
        const char *hash;
        unsigned len;
    } HASHES[] = { { "sha-256", 32 }, { "sha-384", 48 }, { "sha-512", 64 } };
    struct sdp_span hash = sdp_word(&value);
    struct sdp_span bytes = sdp_word(&value);
    for (size_t i = 0; i < sizeof(HASHES) / sizeof(HASHES[0]); i++) {
        if (!sdp_is(hash, HASHES[i].hash)) {
            continue;
        }
        struct bc_sdp_fingerprint found = { .len = 0 };
        strcpy(found.hash, HASHES[i].hash);
        if (!fingerprint_value_parse(bytes, &found, HASHES[i].len)) {
            return sdp_fail(
                lines, "the fingerprint is not %u bytes in hexadecimal", HASHES[i].len);
        }
        if (t->fingerprint_count < BC_SDP_FINGERPRINTS_MAX) {
            t->fingerprints[t->fingerprint_count++] = found;
        }
    }
    return 0;
}

static enum bc_sdp_setup
setup_of(struct sdp_span value)
{
    if (sdp_is(value, "actpass")) {
        return BC_SETUP_ACTPASS;
    }
    if (sdp_is(value, "active")) {
        return BC_SETUP_ACTIVE;
    }
    return sdp_is(value, "passive") ? BC_SETUP_PASSIVE : BC_SETUP_NONE;
}

// RFC 8839 5.6: words between spaces; libdatachannel has commas.
static void
ice_options_parse(struct bc_sdp *out, struct sdp_span value)
{
    while (value.len > 0) {
        struct sdp_span words = sdp_word(&value);
        while (words.len > 0) {
            out->ice2_trickle =
                sdp_is(sdp_take(&words, ','), "trickle") || out->ice2_trickle;
        }
    }
}

// Attributes of the transport, which stand at either level. 1 when it was one.
static int
transport_attribute(struct parser *p, struct sdp_span name, struct sdp_span value)
{
    struct transport *t = p->in_section ? &p->own : &p->session;
    if (sdp_is(name, "ice-ufrag")) {
        return sdp_ufrag_parse(value, t->ufrag)
            ? 1
            : sdp_fail(
                &p->lines, "ice-ufrag is not 4 to %d characters", BC_SDP_UFRAG_MAX);
    }
    if (sdp_is(name, "ice-pwd")) {
        return sdp_pwd_parse(value, t->pwd)
            ? 1
            : sdp_fail(&p->lines, "ice-pwd is not 22 to %d characters", BC_SDP_PWD_MAX);
    }
    if (sdp_is(name, "fingerprint")) {
        int err = fingerprint_parse(t, value, &p->lines);
        return err < 0 ? err : 1;
    }
    if (sdp_is(name, "setup")) {
        t->setup = setup_of(value);
        return 1;
    }
    if (sdp_is(name, "candidate")) {
        // All sections share one transport, so the first one's are enough.
        if (!p->has_transport) {
            sdp_candidate_add(value, p->out->candidates, &p->out->candidate_count);
        }
        return 1;
    }
    if (sdp_is(name, "ice-options")) {
        ice_options_parse(p->out, value);
        return 1;
    }
    return 0;
}

static int
session_attribute(struct parser *p, struct sdp_span name, struct sdp_span value)
{
    if (sdp_is(name, "group")) {
        if (!p->out->has_bundle && sdp_is(sdp_word(&value), "BUNDLE")) {
            p->out->has_bundle = true;
            p->bundle = value;
        }
        return 0;
    }
    if (sdp_is(name, "extmap")) {
        return sdp_extmap_parse(p->extmaps, value, &p->lines);
    }
    (void)sdp_direction_parse(name, &p->direction);
    return 0;
}

static int
on_attribute(struct parser *p, struct sdp_span value)
{
    struct sdp_span name = sdp_take(&value, ':');
    if (sdp_is(name, "ice-lite")) {
        p->out->ice_lite = true;
        return 0;
    }
    if (sdp_is(name, "extmap-allow-mixed")) {
        p->out->extmap_allow_mixed = true;
        return 0;
    }
    int n = transport_attribute(p, name, value);
    if (n != 0) {
        return n < 0 ? n : 0;
    }
    return p->in_section ? sdp_section_attribute(&p->section, name, value, &p->lines)
                         : session_attribute(p, name, value);
}

static int
note_ssrcs(struct parser *p)
{
    for (unsigned i = 0; i < p->section.ssrc_count; i++) {
        for (unsigned k = 0; k < p->ssrc_count; k++) {
            if (p->ssrcs[k] == p->section.ssrcs[i]) {
                return sdp_fail(
                    &p->lines, "SSRC %u is in two sections", (unsigned)p->ssrcs[k]);
            }
        }
    }
    memcpy(p->ssrcs + p->ssrc_count, p->section.ssrcs,
        p->section.ssrc_count * sizeof(p->ssrcs[0]));
    p->ssrc_count += p->section.ssrc_count;
    return 0;
}

// Fills in what is not known yet, so that the first section with a value gives it, and the
// session gives the rest.
static void
take_transport(struct bc_sdp *out, const struct transport *from)
{
    if (out->ufrag[0] == '\0') {
        memcpy(out->ufrag, from->ufrag, sizeof(out->ufrag));
        memcpy(out->pwd, from->pwd, sizeof(out->pwd));
    }
    if (out->setup == BC_SETUP_NONE) {
        out->setup = from->setup;
    }
    if (out->fingerprint_count == 0) {
        memcpy(out->fingerprints, from->fingerprints, sizeof(out->fingerprints));
        out->fingerprint_count = from->fingerprint_count;
    }
}

static int
end_section(struct parser *p)
{
    if (!p->in_section) {
        return 0;
    }
    int err = sdp_section_end(&p->section, &p->lines);
    if (err == 0) {
        err = note_ssrcs(p);
    }
    if (!p->section.media->rejected) {
        take_transport(p->out, &p->own);
        p->has_transport =
            p->has_transport || p->own.ufrag[0] != '\0' || p->out->candidate_count > 0;
    }
    return err;
}

static int
begin_section(struct parser *p, struct sdp_span value)
{
    int err = end_section(p);
    if (err < 0) {
        return err;
    }
    if (p->out->media_count == BC_SDP_MEDIA_MAX) {
        return sdp_fail(&p->lines, "more than %d media sections", BC_SDP_MEDIA_MAX);
    }
    struct bc_sdp_media *m = &p->out->media[p->out->media_count++];
    m->direction = p->direction;
    p->own = (struct transport){ .setup = BC_SETUP_NONE };
    p->in_section = true;
    err = sdp_section_begin(&p->section, m, value, &p->lines);
    memcpy(p->section.extmaps, p->extmaps, sizeof(p->extmaps));
    return err;
}

static int
mark_bundled(struct parser *p)
{
    struct sdp_span rest = p->bundle;
    while (rest.len > 0) {
        struct sdp_span mid = sdp_word(&rest);
        for (unsigned i = 0; i < p->out->media_count; i++) {
            struct bc_sdp_media *m = &p->out->media[i];
            if (sdp_same(mid, (struct sdp_span){ m->mid, strlen(m->mid) })) {
                m->bundled = m->mid[0] != '\0';
            }
        }
    }
    for (unsigned i = 0; i < p->out->media_count; i++) {
        for (unsigned k = 0; k < i; k++) {
            const char *mid = p->out->media[k].mid;
            if (mid[0] != '\0' && strcmp(mid, p->out->media[i].mid) == 0) {
                return sdp_fail(&p->lines, "two sections have the mid %s", mid);
            }
        }
    }
    return 0;
}

static int
check_whole(struct parser *p)
{
    p->lines.number = 0; // what is missing is in no line
    if (p->out->media_count == 0) {
        return sdp_fail(&p->lines, "there is no media section (m=)");
    }
    if (p->out->ufrag[0] == '\0' || p->out->pwd[0] == '\0') {
        return sdp_fail(&p->lines, "a=ice-ufrag or a=ice-pwd is missing");
    }
    if (p->out->fingerprint_count == 0) {
        return sdp_fail(
            &p->lines, "there is no a=fingerprint with sha-256, sha-384 or sha-512");
    }
    return mark_bundled(p);
}

static int
parse_lines(struct parser *p)
{
    char type;
    struct sdp_span value;
    int n = sdp_next_line(&p->lines, &type, &value);
    if (n == 0 || (n == 1 && (type != 'v' || !sdp_is(value, "0")))) {
        return sdp_fail(&p->lines, "an SDP begins with v=0");
    }
    int err = 0;
    while (n > 0 && err == 0) {
        n = sdp_next_line(&p->lines, &type, &value);
        if (n == 1 && type == 'm') {
            err = begin_section(p, value);
        } else if (n == 1 && type == 'a') {
            err = on_attribute(p, value);
        }
    }
    return n < 0 ? n : err;
}

int
bc_sdp_parse(
    const char *text, size_t len, struct bc_sdp *out, char *error, size_t error_len)
{
    memset(out, 0, sizeof(*out));
    struct parser p = { .out = out, .direction = BC_SDP_SENDRECV };
    sdp_lines_init(&p.lines, (struct sdp_span){ text, len }, error, error_len);
    if (len > BC_SDP_MAX_BYTES) {
        return sdp_fail(&p.lines, "longer than %d bytes", BC_SDP_MAX_BYTES);
    }
    int err = parse_lines(&p);
    if (err == 0) {
        err = end_section(&p);
        take_transport(p.out, &p.session);
    }
    return err == 0 ? check_whole(&p) : err;
}
