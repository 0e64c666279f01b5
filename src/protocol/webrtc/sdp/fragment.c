// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "candidate.h"
#include "protocol/webrtc/sdp.h"
#include "text.h"

// Sections share one transport (BUNDLE), so it does not matter in which of them a line
// stands.
static int
on_attribute(struct bc_sdp_fragment *out, struct sdp_span value, struct sdp_lines *lines)
{
    struct sdp_span name = sdp_take(&value, ':');
    if (sdp_is(name, "ice-ufrag") && out->ufrag[0] == '\0') {
        return sdp_ufrag_parse(value, out->ufrag)
            ? 0
            : sdp_fail(lines, "ice-ufrag is not 4 to %d characters", BC_SDP_UFRAG_MAX);
    }
    if (sdp_is(name, "ice-pwd") && out->pwd[0] == '\0') {
        return sdp_pwd_parse(value, out->pwd)
            ? 0
            : sdp_fail(lines, "ice-pwd is not 22 to %d characters", BC_SDP_PWD_MAX);
    }
    if (sdp_is(name, "candidate")) {
        sdp_candidate_add(value, out->candidates, &out->candidate_count);
    } else if (sdp_is(name, "end-of-candidates")) {
        out->end_of_candidates = true;
    }
    return 0;
}

int
bc_sdp_fragment_parse(const char *text, size_t len, struct bc_sdp_fragment *out,
    char *error, size_t error_len)
{
    *out = (struct bc_sdp_fragment){ 0 };
    struct sdp_lines lines;
    sdp_lines_init(&lines, (struct sdp_span){ text, len }, error, error_len);
    if (len > BC_SDP_MAX_BYTES) {
        return sdp_fail(&lines, "longer than %d bytes", BC_SDP_MAX_BYTES);
    }
    char type;
    struct sdp_span value;
    int n = sdp_next_line(&lines, &type, &value);
    if (n == 0) {
        return sdp_fail(&lines, "the fragment is empty");
    }
    while (n == 1) {
        int err = type == 'a' ? on_attribute(out, value, &lines) : 0;
        if (err < 0) {
            return err;
        }
        n = sdp_next_line(&lines, &type, &value);
    }
    return n;
}

// RFC 8840 9 and RFC 9725 4.3.3. The m= line only says which section the mid is of.
void
bc_sdp_fragment_write(
    const struct bc_sdp_local *local, const char *mid, struct bc_writer *w)
{
    if (local->ice_lite) {
        bc_write_str(w, "a=ice-lite\r\n");
    }
    bc_write_str(w, "a=ice-options:trickle ice2\r\n");
    bc_write_str(w, "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n");
    bc_write_fmt(w, "a=mid:%s\r\n", mid);
    bc_write_fmt(w, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", local->ufrag, local->pwd);
    for (unsigned i = 0; i < local->candidate_count; i++) {
        bc_write_fmt(w, "a=%s\r\n", local->candidates[i]);
    }
    bc_write_str(w, "a=end-of-candidates\r\n");
}
