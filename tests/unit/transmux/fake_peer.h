// SPDX-License-Identifier: Apache-2.0
#ifndef TESTS_TRANSMUX_FAKE_PEER_H
#define TESTS_TRANSMUX_FAKE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/writer.h"
#include "net/sink.h"
#include "transmux/viewer.h"

#define FAKE_PEER_ALL SIZE_MAX

// Who receives a viewer's bytes in a test: takes as many as it has room for, keeps them
// all.
struct fake_peer {
    struct bc_sink sink;
    struct bc_viewer *viewer; // owned while the peer is open
    struct bc_writer got;
    size_t room; // bytes that it takes before it is full
    int writes;
    int ends;
    int closes;
    int finishes;
    bool leaves_at_end; // on_end destroys the viewer, as egress does
};

// One tag of the FLV stream that the peer got.
struct fake_tag {
    uint8_t type; // 8 audio, 9 video, 18 script
    uint32_t ms;
    bool header;     // a codec's sequence header
    bool key;        // a keyframe (no header)
    uint32_t number; // of the packet, see stage.h
    const uint8_t *body;
    size_t body_len;
};

struct fake_stream {
    uint8_t flags; // of the file's header
    struct fake_tag tags[4096];
    size_t count;
};

// Joins the viewers of `params`, whose sink, ops and user are filled in.
void
fake_peer_join(struct fake_peer *p, struct bc_viewer_params *params, size_t room);

// Makes room; the viewer goes on when it was waiting.
void
fake_peer_open(struct fake_peer *p, size_t room);

void
fake_peer_leave(struct fake_peer *p);

// Takes the bytes apart as an FLV file; fails the test when a byte is wrong or a tag is
// not whole.
void
fake_peer_parse(const struct fake_peer *p, struct fake_stream *out);

#endif
