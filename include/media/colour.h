// SPDX-License-Identifier: Apache-2.0
#ifndef MEDIA_COLOUR_H
#define MEDIA_COLOUR_H

#include <stdbool.h>
#include <stdint.h>

// What a host says of its picture's colours beside the bitstream (enhanced RTMP's
// colorInfo). All zero: nothing. Part of a track.
struct bc_colour {
    // Numbers of ITU-T H.273; 0: not told.
    uint8_t primaries;
    uint8_t transfer; // 16 PQ, 18 HLG
    uint8_t matrix;
    bool has_light;    // CTA-861.3, cd/m2
    uint16_t max_cll;  // of the brightest pixel
    uint16_t max_fall; // of the brightest frame's average
    bool has_display;  // the mastering display, SMPTE ST 2086
    uint16_t display_x[3]; // green, blue, red in 1/50000
    uint16_t display_y[3];
    uint16_t white_x;
    uint16_t white_y;
    uint32_t max_luminance; // in 1/10000 cd/m2
    uint32_t min_luminance;
};

#endif
