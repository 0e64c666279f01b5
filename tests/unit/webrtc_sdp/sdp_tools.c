// SPDX-License-Identifier: Apache-2.0
#include "sdp_tools.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const OUR_CANDIDATES[] = {
    "candidate:1 1 udp 2130706431 192.0.2.7 8189 typ host",
    "candidate:2 1 tcp 1677729535 192.0.2.7 8189 typ host tcptype passive",
};

const struct bc_sdp_local LOCAL = {
    .ufrag = "ourufrag",
    .pwd = "ourpasswordofsomelength",
    .fingerprint = "sha-256 AB:CD",
    .candidates = OUR_CANDIDATES,
    .candidate_count = 2,
    .ice_lite = true,
    .session_id = 42,
    .cname = "branchcast",
    .video_ssrc = 1001,
    .video_rtx_ssrc = 1002,
    .audio_ssrc = 1003,
};

char *
sample_read(const char *name, size_t *len)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s.sdp", SAMPLES, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *text = malloc(BC_SDP_MAX_BYTES + 1);
    assert_non_null(text);
    *len = fread(text, 1, BC_SDP_MAX_BYTES, f);
    text[*len] = '\0';
    fclose(f);
    return text;
}

void
sdp_parse_good(const char *text, struct bc_sdp *out)
{
    char error[256];
    if (bc_sdp_parse(text, strlen(text), out, error, sizeof(error)) != 0) {
        fail_msg("%s", error);
    }
    assert_string_equal(error, "");
}

void
sample_parse(const char *name, struct bc_sdp *out)
{
    size_t len;
    char *text = sample_read(name, &len);
    sdp_parse_good(text, out);
    free(text);
}

void
assert_sdp_refused(const char *text, const char *sentence)
{
    struct bc_sdp *sdp = malloc(sizeof(*sdp));
    char error[256];
    assert_int_equal(
        bc_sdp_parse(text, strlen(text), sdp, error, sizeof(error)), -EINVAL);
    assert_string_equal(error, sentence);
    free(sdp);
}

void
assert_text(struct bc_writer *w, const char *expected)
{
    assert_false(w->failed);
    bc_write_u8(w, 0);
    assert_string_equal((const char *)w->data, expected);
    bc_writer_finish(w);
}

bool
text_has(struct bc_writer *w, const char *part)
{
    bc_write_u8(w, 0);
    w->len--;
    return !w->failed && strstr((const char *)w->data, part);
}
