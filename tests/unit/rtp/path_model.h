// SPDX-License-Identifier: Apache-2.0
#ifndef PATH_MODEL_H
#define PATH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/rtp/twcc.h"

#define PATH_FLIGHT_MAX 8192

// A sender of video, a bottleneck with a queue, and a receiver that sends feedback, all
// in made-up time. The test sets the first part and runs it; fields may change between runs.
struct path_model {
    int64_t capacity_bps;
    int64_t queue_us; // the longest the queue may get; what comes then is dropped
    int64_t delay_us; // each way
    int64_t jitter_us; // at most, on the way there; order is kept
    double loss;
    double feedback_loss;
    int64_t feedback_late_us; // every third message comes so much later
    int64_t feedback_every_us;
    int64_t rate_bps; // of the video; 0 is silence
    double follow; // when not 0: the video takes this share of the estimate, if less
    unsigned fps;
    bool keyframes; // one of five times the size every two seconds
    int64_t skew_ppm; // the receiver's clock is so much faster
    int64_t clock_us; // and so far ahead

    struct bc_twcc_sender sender;
    struct bc_twcc_receiver *receiver;
    int64_t now_us;
    uint64_t random;
    int64_t free_us; // when the bottleneck has sent all it has
    int64_t frame_us;
    unsigned frames;
    int64_t pending_bytes; // of frames, not paced out yet
    int64_t last_arrival_us;
    int64_t feedback_us;
    struct {
        uint16_t seq;
        int64_t at_us;
    } flight[PATH_FLIGHT_MAX]; // a ring
    unsigned flight_head;
    unsigned flight_tail;
    struct {
        uint8_t bytes[2048];
        unsigned len;
        int64_t at_us;
    } feedback[64]; // under way
    // What a run showed.
    unsigned overuses; // milliseconds in overuse
    unsigned dropped;
    int64_t delivered_bytes;
};

void
path_model_init(struct path_model *m);

void
path_model_finish(struct path_model *m);

// Runs for so long; clears what earlier runs showed.
void
path_model_run(struct path_model *m, int64_t us);

#endif
