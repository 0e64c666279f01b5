// SPDX-License-Identifier: Apache-2.0
#include "sdp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OPUS_PT = 111 };

// As a browser offers them: all three profiles, so that no server has to refuse.
static const struct {
    int pt;
    const char *profile;
} h264[] = { { 102, "42e01f" }, { 104, "4d001f" }, { 106, "64001f" } };

static void
write_session(struct bc_buf *out, const char *mids)
{
    uint32_t id;
    bc_random_bytes(&id, sizeof(id));
    bc_buf_add_format(out, "v=0\r\no=- %u 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", id);
    bc_buf_add_format(out, "a=group:BUNDLE%s\r\na=ice-options:trickle\r\n", mids);
}

static void
write_section(struct bc_buf *out, const struct bc_sdp_local *local, const char *kind,
    const char *pts, const char *mid)
{
    bc_buf_add_format(
        out, "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\n", kind, pts);
    bc_buf_add_format(
        out, "a=mid:%s\r\na=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n", mid);
    bc_buf_add_format(
        out, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", local->ufrag, local->pwd);
    bc_buf_add_format(out, "a=fingerprint:sha-256 %s\r\n", local->fingerprint);
}

static void
write_candidate(struct bc_buf *out, const struct sockaddr_in *address)
{
    char ip[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address->sin_addr, ip, sizeof(ip));
    bc_buf_add_format(out, "a=candidate:1 1 udp 2130706431 %s %d typ host\r\n", ip,
        ntohs(address->sin_port));
    bc_buf_add_text(out, "a=end-of-candidates\r\n");
}

void
bc_sdp_write_offer(struct bc_buf *out, const struct bc_sdp_local *local, bool audio)
{
    write_session(out, audio ? " 0 1" : " 0");
    if (audio) {
        write_section(out, local, "audio", "111", "0");
        bc_buf_add_format(
            out, "a=setup:actpass\r\na=rtpmap:%d opus/48000/2\r\n", OPUS_PT);
        bc_buf_add_format(out, "a=fmtp:%d minptime=10;useinbandfec=1\r\n", OPUS_PT);
        write_candidate(out, local->address);
    }
    write_section(out, local, "video", "102 104 106", audio ? "1" : "0");
    bc_buf_add_text(out, "a=setup:actpass\r\n");
    for (size_t i = 0; i < BC_ARRAY_LEN(h264); i++) {
        int pt = h264[i].pt;
        bc_buf_add_format(out, "a=rtpmap:%d H264/90000\r\n", pt);
        bc_buf_add_format(out, "a=rtcp-fb:%d nack\r\na=rtcp-fb:%d nack pli\r\n", pt, pt);
        bc_buf_add_format(out,
            "a=fmtp:%d level-asymmetry-allowed=1;packetization-mode=1;"
            "profile-level-id=%s\r\n",
            pt, h264[i].profile);
    }
    write_candidate(out, local->address);
}

void
bc_sdp_write_answer(struct bc_buf *out, const struct bc_sdp_local *local,
    const struct bc_sdp_remote *offer)
{
    char mids[BC_SDP_SECTIONS * sizeof(offer->sections[0].mid) + 8] = "";
    for (int i = 0; i < offer->section_count; i++) {
        strcat(mids, " ");
        strcat(mids, offer->sections[i].mid);
    }
    write_session(out, mids);
    for (int i = 0; i < offer->section_count; i++) {
        const struct bc_sdp_section *s = &offer->sections[i];
        char pt[16];
        snprintf(pt, sizeof(pt), "%d", s->pt);
        write_section(out, local, s->kind, pt, s->mid);
        bc_buf_add_format(out, "a=setup:active\r\na=rtpmap:%d %s\r\n", s->pt, s->codec);
        if (s->fmtp[0]) {
            bc_buf_add_format(out, "a=fmtp:%d %s\r\n", s->pt, s->fmtp);
        }
        write_candidate(out, local->address);
    }
}

// ---- reading ----

// The value when the line begins with the name; it ends at the line's end.
static const char *
value_of(const char *line, const char *name)
{
    size_t n = strlen(name);
    return strncmp(line, name, n) ? NULL : line + n;
}

static void
copy_line(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%.*s", (int)strcspn(value, "\r\n"), value);
}

static void
copy_word(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%.*s", (int)strcspn(value, " \r\n"), value);
}

static void
read_candidate(
    struct bc_sdp_remote *r, const char *value, const struct sockaddr_in *preferred)
{
    char transport[8];
    char ip[64];
    char type[8];
    int component;
    int port;
    struct in_addr address;
    if (sscanf(value, "%*s %d %7s %*s %63s %d typ %7s", &component, transport, ip, &port,
            type)
            != 5
        || component != 1 || strcasecmp(transport, "udp") || strcmp(type, "host")
        || port < 1 || port > 65535 || inet_pton(AF_INET, ip, &address) != 1) {
        return;
    }
    bool is_preferred = address.s_addr == preferred->sin_addr.s_addr;
    if (!r->address.sin_port
        || (is_preferred && r->address.sin_addr.s_addr != address.s_addr)) {
        r->address.sin_family = AF_INET;
        r->address.sin_addr = address;
        r->address.sin_port = htons((uint16_t)port);
    }
}

static const char *
begin_section(struct bc_sdp_remote *r, const char *value)
{
    int port;
    if (r->section_count == BC_SDP_SECTIONS) {
        return "sdp_many_sections";
    }
    struct bc_sdp_section *s = &r->sections[r->section_count];
    if (sscanf(value, "%11s %d %*s %d", s->kind, &port, &s->pt) < 2) {
        return "sdp_bad_section";
    }
    s->rejected = !port;
    snprintf(s->mid, sizeof(s->mid), "%d", r->section_count++);
    return NULL;
}

// Takes the first payload type of a codec that we play: an offer may name others before.
static void
read_rtpmap(struct bc_sdp_section *s, const char *value)
{
    const char *codec = value + strcspn(value, " \r\n");
    codec += *codec == ' ';
    bool known = !strncasecmp(codec, "H264/", 5) || !strncasecmp(codec, "opus/", 5);
    if (known && !s->codec[0]) {
        s->pt = atoi(value);
        copy_word(s->codec, sizeof(s->codec), codec);
    }
}

static void
read_section_line(struct bc_sdp_section *s, const char *line)
{
    const char *value;
    if ((value = value_of(line, "a=mid:"))) {
        copy_word(s->mid, sizeof(s->mid), value);
    } else if ((value = value_of(line, "a=rtpmap:"))) {
        read_rtpmap(s, value);
    } else if ((value = value_of(line, "a=fmtp:")) && s->codec[0]
        && atoi(value) == s->pt) {
        value += strcspn(value, " \r\n");
        copy_line(s->fmtp, sizeof(s->fmtp), value + (*value == ' '));
    }
}

// The transport's lines count wherever they are first: there is one transport.
static void
read_transport_line(
    struct bc_sdp_remote *r, const char *line, const struct sockaddr_in *preferred)
{
    const char *value;
    if ((value = value_of(line, "a=ice-ufrag:")) && !r->ufrag[0]) {
        copy_word(r->ufrag, sizeof(r->ufrag), value);
    } else if ((value = value_of(line, "a=ice-pwd:")) && !r->pwd[0]) {
        copy_word(r->pwd, sizeof(r->pwd), value);
    } else if ((value = value_of(line, "a=fingerprint:sha-256 "))) {
        copy_word(r->fingerprint, sizeof(r->fingerprint), value);
    } else if (value_of(line, "a=ice-lite")) {
        r->lite = true;
    } else if (value_of(line, "a=setup:active")) {
        r->active = true;
    } else if ((value = value_of(line, "a=candidate:"))) {
        read_candidate(r, value, preferred);
    }
}

static const char *
conclude(struct bc_sdp_remote *r)
{
    r->video_pt = r->audio_pt = -1;
    for (int i = 0; i < r->section_count; i++) {
        const struct bc_sdp_section *s = &r->sections[i];
        if (!s->rejected && s->codec[0]) {
            *(strcmp(s->kind, "video") ? &r->audio_pt : &r->video_pt) = s->pt;
        }
    }
    return !r->ufrag[0] || !r->pwd[0] ? "sdp_no_ice"
        : !r->fingerprint[0]          ? "sdp_no_fingerprint"
        : r->video_pt < 0             ? "sdp_no_video"
        : !r->address.sin_port        ? "sdp_no_candidate"
                                      : NULL;
}

const char *
bc_sdp_parse(
    struct bc_sdp_remote *r, const char *text, const struct sockaddr_in *preferred)
{
    memset(r, 0, sizeof(*r));
    for (const char *line = text; *line;
         line += strcspn(line, "\n"), line += *line != 0) {
        const char *section = value_of(line, "m=");
        const char *error = section ? begin_section(r, section) : NULL;
        if (error) {
            return error;
        }
        read_transport_line(r, line, preferred);
        if (r->section_count) {
            read_section_line(&r->sections[r->section_count - 1], line);
        }
    }
    return conclude(r);
}
