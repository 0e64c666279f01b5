// SPDX-License-Identifier: Apache-2.0
// The video tracks of one push and the renditions they become. Track ids say nothing of
// quality and do not last (RTMP-84), so the size of the picture decides.
#include "publisher_internal.h"

struct bc_publisher_lane *
publisher_lane(struct bc_publisher *p, uint8_t id)
{
    for (unsigned i = 0; i < p->lane_count; i++) {
        if (p->lanes[i].id == id) {
            return &p->lanes[i];
        }
    }
    if (p->lane_count == BC_RENDITION_MAX) {
        if (!p->told_more_video) {
            bc_warn(p->log, "video track %u is not taken: %d are enough", id,
                BC_RENDITION_MAX);
        }
        p->told_more_video = true;
        return NULL;
    }
    struct bc_publisher_lane *lane = &p->lanes[p->lane_count++];
    *lane = (struct bc_publisher_lane){ .id = id, .wants_key = true };
    return lane;
}

bool
publisher_has_video(const struct bc_publisher *p)
{
    for (unsigned i = 0; i < p->lane_count; i++) {
        if (p->lanes[i].track || p->lanes[i].next) {
            return true;
        }
    }
    return false;
}

static uint64_t
picture_size(const struct bc_publisher_lane *lane)
{
    return (uint64_t)lane->track->width * lane->track->height;
}

static bool
is_better(const struct bc_publisher_lane *a, const struct bc_publisher_lane *b)
{
    uint64_t size_a = picture_size(a);
    uint64_t size_b = picture_size(b);
    return size_a > size_b || (size_a == size_b && a->id < b->id);
}

// The place of a lane among those with a picture.
static uint8_t
rank_of(const struct bc_publisher *p, const struct bc_publisher_lane *lane)
{
    uint8_t rank = 0;
    for (unsigned i = 0; i < p->lane_count; i++) {
        const struct bc_publisher_lane *other = &p->lanes[i];
        rank += other != lane && other->track && is_better(other, lane);
    }
    return rank;
}

static void
set_rendition(struct bc_publisher *p, struct bc_publisher_lane *lane, uint8_t rendition)
{
    if (lane->ranked && lane->rendition == rendition) {
        return;
    }
    lane->wants_key |= lane->ranked;
    lane->ranked = true;
    lane->rendition = rendition;
    if (p->lane_count > 1) {
        bc_info(p->log, "video track %u, %s %ux%u, is rendition %u", lane->id,
            lane->track->codec_string, lane->track->width, lane->track->height,
            rendition);
    }
}

void
publisher_rank(struct bc_publisher *p)
{
    for (unsigned i = 0; i < p->lane_count; i++) {
        struct bc_publisher_lane *lane = &p->lanes[i];
        if (lane->track) {
            set_rendition(p, lane, rank_of(p, lane));
        } else {
            lane->ranked = false;
        }
    }
    p->rank_due = false;
}

void
publisher_rank_at_key(struct bc_publisher *p, struct bc_publisher_lane *lane)
{
    for (unsigned i = 0; p->rank_due && i < p->lane_count; i++) {
        const struct bc_publisher_lane *best = &p->lanes[i];
        if (best->track && rank_of(p, best) == 0
            && (best == lane || (best->ranked && best->rendition == 0))) {
            publisher_rank(p);
        }
    }
}

void
publisher_retire(struct bc_publisher *p, struct bc_publisher_lane *lane)
{
    if (lane->track && !lane->next) {
        lane->next = lane->track;
        lane->track = NULL;
    }
    bc_track_unref(&lane->track);
    lane->ranked = false;
    lane->wants_key = true;
    p->rank_due = true;
}

void
publisher_lanes_finish(struct bc_publisher *p)
{
    for (unsigned i = 0; i < p->lane_count; i++) {
        bc_track_unref(&p->lanes[i].track);
        bc_track_unref(&p->lanes[i].next);
    }
    p->lane_count = 0;
}
