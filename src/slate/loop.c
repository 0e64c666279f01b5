// SPDX-License-Identifier: Apache-2.0
#include "loop.h"

#include <string.h>

#define LATE_US 2000000

void
slate_loop_init(struct slate_loop *loop, struct slate_media *media)
{
    memset(loop, 0, sizeof(*loop));
    loop->media = slate_media_ref(media);
    loop->shown = -1;
}

void
slate_loop_finish(struct slate_loop *loop)
{
    slate_media_unref(&loop->media);
    slate_media_unref(&loop->next);
    for (size_t i = 0; i < SLATE_KEYS; i++) {
        bc_buf_unref(&loop->keys[i].buf);
    }
}

void
slate_loop_change(struct slate_loop *loop, struct slate_media *media)
{
    struct slate_media *old = loop->next;
    loop->next = slate_media_ref(media);
    slate_media_unref(&old);
}

// --- the countdown's keyframes ---

void
slate_loop_add_key(struct slate_loop *loop, int64_t seconds, struct bc_buf *buf)
{
    size_t slot = 0; // that of the most seconds: time runs down
    for (size_t i = 0; i < SLATE_KEYS; i++) {
        if (!loop->keys[i].buf) {
            slot = i;
            break;
        }
        slot = loop->keys[i].seconds > loop->keys[slot].seconds ? i : slot;
    }
    bc_buf_unref(&loop->keys[slot].buf);
    loop->keys[slot].seconds = seconds;
    loop->keys[slot].buf = bc_buf_ref(buf);
}

static struct bc_buf *
find_key(const struct slate_loop *loop, int64_t seconds)
{
    for (size_t i = 0; i < SLATE_KEYS; i++) {
        if (loop->keys[i].buf && loop->keys[i].seconds == seconds) {
            return loop->keys[i].buf;
        }
    }
    return NULL;
}

int64_t
slate_loop_left(const struct slate_loop *loop, int64_t at_us)
{
    int64_t left_us = loop->to_wall_us - loop->wall_base_us - at_us;
    return loop->to_wall_us == 0 || left_us <= 0 ? 0 : (left_us + 999999) / 1000000;
}

// The picture at this time: a keyframe where the number changes or a second has passed
// without, else what repeats the one before.
static struct slate_unit
countdown_unit(struct slate_loop *loop, int64_t at_us)
{
    const struct slate_units *units = &loop->media->pictures;
    int64_t left = slate_loop_left(loop, at_us);
    struct bc_buf *key = find_key(loop, left);
    if (left == 0 && loop->shown > 0) {
        loop->at = 0;
        loop->shown = 0;
    } else if (left != loop->shown && key) {
        loop->at = 0;
        loop->shown = left;
    }
    if (loop->at > 0) {
        return units->items[loop->at];
    }
    struct bc_buf *again = find_key(loop, loop->shown);
    return again ? (struct slate_unit){ again, true } : units->items[0];
}

// --- packets ---

static struct bc_packet *
make_packet(struct bc_track *track, enum bc_kind kind, const struct slate_unit *unit,
    int64_t at_us)
{
    struct bc_buf *buf = bc_buf_ref(unit->buf);
    struct bc_packet *p = bc_packet_create(kind, track, buf, buf->data, buf->len);
    if (!p) {
        bc_buf_unref(&buf);
        return NULL;
    }
    p->flags = kind == BC_KIND_VIDEO && unit->key ? BC_PACKET_KEY : 0;
    p->dts_us = at_us;
    p->pts_us = at_us;
    return p;
}

static struct bc_packet *
next_picture(struct slate_loop *loop, int64_t at_us)
{
    if (loop->next) {
        slate_media_unref(&loop->media);
        loop->media = loop->next;
        loop->next = NULL;
        loop->at = 0;
    }
    struct slate_media *m = loop->media;
    bool counts = loop->to_wall_us > 0 && m->still;
    struct slate_unit unit =
        counts ? countdown_unit(loop, at_us) : m->pictures.items[loop->at];
    loop->sound_again = loop->sound_again || (loop->at == 0 && !m->still);
    loop->at = (loop->at + 1) % m->pictures.count;
    loop->pictures++;
    return make_packet(m->video, BC_KIND_VIDEO, &unit, at_us);
}

static struct bc_packet *
next_sound(struct slate_loop *loop, int64_t at_us)
{
    struct slate_media *m = loop->media;
    if (loop->sound_again) {
        loop->sound_again = false;
        loop->sound_at = 0;
    }
    const struct slate_unit *unit = loop->sound_at < m->sounds.count
        ? &m->sounds.items[loop->sound_at]
        : &m->silence;
    loop->sound_at++;
    loop->sounds++;
    return make_packet(m->audio, BC_KIND_AUDIO, unit, at_us);
}

int64_t
slate_loop_due_us(const struct slate_loop *loop)
{
    return slate_picture_us(&loop->media->format, loop->pictures);
}

// After a standstill the media go on at the present, with a keyframe.
static void
catch_up(struct slate_loop *loop, int64_t now_us)
{
    const struct slate_format *f = &loop->media->format;
    if (now_us - slate_loop_due_us(loop) <= LATE_US) {
        return;
    }
    loop->pictures = (uint64_t)(now_us / 1000000) * (uint64_t)f->fps_num
        / (uint64_t)f->fps_den;
    loop->at = 0;
    if (f->has_sound) {
        loop->sounds = (uint64_t)(now_us / 1000000) * (uint64_t)f->sample_rate
            / SLATE_SOUND_SAMPLES;
    }
}

struct bc_packet *
slate_loop_next(struct slate_loop *loop, int64_t now_us)
{
    catch_up(loop, now_us);
    const struct slate_format *f = &loop->media->format;
    int64_t picture_us = slate_loop_due_us(loop);
    int64_t sound_us = f->has_sound ? slate_sound_us(f, loop->sounds) : INT64_MAX;
    if (picture_us <= sound_us) {
        return picture_us <= now_us ? next_picture(loop, picture_us) : NULL;
    }
    return sound_us <= now_us ? next_sound(loop, sound_us) : NULL;
}
