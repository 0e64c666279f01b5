// SPDX-License-Identifier: Apache-2.0
// The path to a viewer by WebRTC: how much it carries, and which size of picture fits.
#include "rtp_viewer.h"

// The pace: what a path is trusted with.
#define RATE_FREE_BPS 100000000   // nobody tells us about the path
#define RATE_UNKNOWN_MIN_BPS 8000000
#define RATE_UNKNOWN_MAX_BPS 30000000
#define RATE_MIN_BPS 100000
// Renditions: up again after so long without trouble, twice as long after each failure.
#define UP_WAIT_MAX_US 64000000
#define LANE_DEAD_US 1500000   // no picture of a rendition while others come
#define LANE_PATIENCE_US 3000000 // for the keyframe of another rendition

int64_t
bc_rtp_viewer_estimate(const struct bc_rtp_viewer *v)
{
    return v->twcc ? v->twcc->estimate_bps : v->remb_bps;
}

static int64_t
clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void
bc_rtp_viewer_adapt(struct bc_rtp_viewer *v, int64_t now_us)
{
    int64_t est = bc_rtp_viewer_estimate(v);
    int64_t bps = bc_rtp_viewer_ring(v)->bps;
    bool was = v->constrained;
    v->constrained = est > 0 && bps > 0 && est < bps + bps / 20;
    if (v->constrained) {
        v->rate_bps = clamp(est - est / 20, RATE_MIN_BPS, RATE_FREE_BPS);
        v->calm_since_us = now_us;
    } else if (est > 0) {
        v->rate_bps = clamp(est * 5 / 2, RATE_UNKNOWN_MIN_BPS, RATE_FREE_BPS);
    } else {
        v->rate_bps = v->twcc
            ? clamp(4 * bps, RATE_UNKNOWN_MIN_BPS, RATE_UNKNOWN_MAX_BPS)
            : RATE_FREE_BPS;
    }
    if (was != v->constrained) {
        v->calm_since_us = now_us;
    }
}

// A host that stopped sending a layer does not say so.
static bool
is_dead(const struct bc_rtp_viewer *v, unsigned lane)
{
    const struct bc_rtp_ring *ring = &v->window->rings[lane];
    const struct bc_rtp_ring *best = &v->window->rings[BC_LANE_VIDEO];
    if (ring->next == ring->first) {
        return true;
    }
    return best->next > best->first
        && bc_rtp_ring_frame(best, best->next - 1)->arrived_us
            - bc_rtp_ring_frame(ring, ring->next - 1)->arrived_us
        > LANE_DEAD_US;
}

// The rendition is no more: goes on with the best one.
static void
leave_lane(struct bc_rtp_viewer *v, int64_t now_us)
{
    v->video.lane = BC_LANE_VIDEO;
    v->want_lane = 0;
    v->calm_since_us = now_us;
    bc_rtp_count(&v->window->windows->switches, 1);
    if (v->started && !bc_rtp_viewer_begin_at_key(v, now_us)) {
        bc_rtp_viewer_wait_for_key(v);
    }
    bc_rtp_viewer_pump(v, now_us);
}

static void
want_lane(struct bc_rtp_viewer *v, unsigned lane, int64_t now_us)
{
    v->want_lane = lane;
    v->want_since_us = now_us;
    v->want_from = v->window->rings[lane].next;
    v->calm_since_us = now_us;
    bc_rtp_window_want_key(v->window, lane);
}

// Another size of the picture, when there is one: down when the path is too small or the
// viewer wants no larger one, up when all was well for a while.
void
bc_rtp_viewer_choose_rendition(struct bc_rtp_viewer *v, int64_t now_us)
{
    unsigned n = v->window->description.renditions;
    unsigned current = v->video.lane - BC_LANE_VIDEO;
    if (v->want_lane && now_us - v->want_since_us > LANE_PATIENCE_US) {
        v->want_lane = 0;
    }
    if (current > 0 && (current >= n || is_dead(v, v->video.lane))) {
        leave_lane(v, now_us);
        return;
    }
    if (n < 2 || v->want_lane || !v->video.active) {
        return;
    }
    bool smaller = current + 1 < n && !is_dead(v, v->video.lane + 1);
    if ((v->constrained || current < v->largest) && smaller) {
        if (v->constrained && v->up_wait_us < UP_WAIT_MAX_US) {
            v->up_wait_us *= 2;
        }
        want_lane(v, v->video.lane + 1, now_us);
    } else if (!v->constrained && current > v->largest
        && now_us - v->calm_since_us > v->up_wait_us) {
        want_lane(v, v->video.lane - 1, now_us);
    }
}
