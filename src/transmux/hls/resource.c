// SPDX-License-Identifier: Apache-2.0
#include "transmux/hls.h"

#include "name.h"
#include "snapshot.h"

static void
add_buf(struct bc_hls_resource *out, struct bc_buf *buf)
{
    out->bufs[out->count++] = bc_buf_ref(buf);
    out->len += buf->len;
}

static enum bc_hls_answer
find_init(const struct hls_view *v, uint64_t msn, struct bc_hls_resource *out)
{
    for (size_t i = v->count + 1; i-- > 0;) {
        const struct hls_segment *s = i < v->count ? v->segments[i] : v->open;
        if (s && s->init && s->init->msn == msn) {
            add_buf(out, s->init->buf);
            return BC_HLS_READY;
        }
    }
    return BC_HLS_GONE;
}

static enum bc_hls_answer
find_segment(const struct hls_view *v, uint64_t msn, struct bc_hls_resource *out)
{
    if (v->open && v->open->msn == msn) {
        return BC_HLS_WAIT;
    }
    // Sequence numbers have no holes.
    if (v->count == 0 || msn < v->segments[0]->msn
        || msn - v->segments[0]->msn >= v->count) {
        return BC_HLS_GONE;
    }
    const struct hls_segment *s = v->segments[msn - v->segments[0]->msn];
    for (size_t i = 0; i < s->part_count; i++) {
        add_buf(out, s->parts[i].buf);
    }
    return s->gap ? BC_HLS_GONE : BC_HLS_READY;
}

static enum bc_hls_answer
find_part(const struct hls_view *v, uint64_t number, struct bc_hls_resource *out)
{
    if (number == v->next_part) {
        return BC_HLS_WAIT;
    }
    for (size_t i = v->count + 1; i-- > 0;) {
        const struct hls_segment *s = i < v->count ? v->segments[i] : v->open;
        if (!s || s->part_count == 0 || number < s->parts[0].number
            || number - s->parts[0].number >= s->part_count) {
            continue;
        }
        add_buf(out, s->parts[number - s->parts[0].number].buf);
        return BC_HLS_READY;
    }
    return BC_HLS_GONE;
}

enum bc_hls_answer
bc_hls_resource(const struct bc_hls_snapshot *s, const char *name,
    struct bc_hls_resource *out)
{
    struct hls_name n;
    *out = (struct bc_hls_resource){ .immutable = true };
    if (!s || !hls_name_parse(name, &n)) {
        return BC_HLS_GONE;
    }
    const struct hls_view *v = &s->views[n.rendition];
    // A file without a picture is "audio" (HLS-14).
    bool audio = n.rendition == BC_HLS_AUDIO
        || (n.rendition == BC_HLS_MAIN && !s->video);
    out->content_type = audio ? "audio/mp4" : "video/mp4";
    enum bc_hls_answer answer = BC_HLS_GONE;
    if (!v->exists) {
        return BC_HLS_GONE;
    }
    if (n.kind == HLS_NAME_INIT) {
        answer = find_init(v, n.msn, out);
    } else if (n.kind == HLS_NAME_SEGMENT) {
        answer = find_segment(v, n.msn, out);
    } else if (n.msn == s->params.first_msn) {
        answer = find_part(v, n.part, out);
    }
    // The hint of a stream that ended is abandoned (LL-13).
    return answer == BC_HLS_WAIT && s->ended ? BC_HLS_GONE : answer;
}

void
bc_hls_resource_finish(struct bc_hls_resource *r)
{
    for (size_t i = 0; i < r->count; i++) {
        bc_buf_unref(&r->bufs[i]);
    }
    *r = (struct bc_hls_resource){ 0 };
}
