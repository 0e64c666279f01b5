// SPDX-License-Identifier: Apache-2.0
#include "params.h"

#define ASPECT_EXTENDED_SAR 255
#define FPS_MAX 300
#define FPS_MIN_INVERSE 10

bool
bc_params_keep_config(struct bc_track *track, const uint8_t *data, size_t len)
{
    track->config = bc_buf_copy(data, len);
    return track->config != NULL;
}

static uint64_t
common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

void
bc_params_set_fps(struct bc_track *track, uint64_t num, uint64_t den)
{
    if (num == 0 || den == 0 || num > den * FPS_MAX || den > num * FPS_MIN_INVERSE) {
        return;
    }
    uint64_t d = common_divisor(num, den);
    if (num / d > UINT32_MAX || den / d > UINT32_MAX) {
        return;
    }
    track->fps_num = (uint32_t)(num / d);
    track->fps_den = (uint32_t)(den / d);
}

bool
bc_params_set_size(struct bc_track *track, uint64_t width, uint64_t height,
    uint64_t crop_x, uint64_t crop_y)
{
    if (width > BC_PICTURE_MAX || height > BC_PICTURE_MAX || crop_x >= width
        || crop_y >= height) {
        return false;
    }
    track->width = (uint32_t)(width - crop_x);
    track->height = (uint32_t)(height - crop_y);
    return true;
}

void
bc_params_skip_vui_head(struct bc_bits *b)
{
    if (bc_bits_flag(b)) { // aspect_ratio_info_present_flag
        if (bc_bits_read(b, 8) == ASPECT_EXTENDED_SAR) {
            bc_bits_skip(b, 32);
        }
    }
    if (bc_bits_flag(b)) { // overscan_info_present_flag
        bc_bits_skip(b, 1);
    }
    if (bc_bits_flag(b)) { // video_signal_type_present_flag
        bc_bits_skip(b, 4);
        if (bc_bits_flag(b)) { // colour_description_present_flag
            bc_bits_skip(b, 24);
        }
    }
    if (bc_bits_flag(b)) { // chroma_loc_info_present_flag
        bc_bits_ue(b);
        bc_bits_ue(b);
    }
}
