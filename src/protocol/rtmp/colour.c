// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/colour.h"

#include <errno.h>
#include <string.h>

#include "protocol/rtmp/amf.h"

#define PAIRS_MAX 16
#define CHROMATICITY_SCALE 50000
#define LUMINANCE_SCALE 10000
#define LUMINANCE_MAX 100000.0 // cd/m2; the brightest display has a tenth of it

static double
number(const struct bc_amf *amf, const struct bc_amf_value *object, const char *key,
    double max)
{
    double v = bc_amf_number(bc_amf_get(amf, object, key), 0);
    return v > 0 && v <= max ? v : 0;
}

static uint16_t
chromaticity(
    const struct bc_amf *amf, const struct bc_amf_value *object, const char *key)
{
    return (uint16_t)(number(amf, object, key, 1) * CHROMATICITY_SCALE + 0.5);
}

static void
read_display(struct bc_colour *c, const struct bc_amf *amf, const struct bc_amf_value *v)
{
    static const char *const X[] = { "greenX", "blueX", "redX" };
    static const char *const Y[] = { "greenY", "blueY", "redY" };
    for (int i = 0; i < 3; i++) {
        c->display_x[i] = chromaticity(amf, v, X[i]);
        c->display_y[i] = chromaticity(amf, v, Y[i]);
    }
    c->white_x = chromaticity(amf, v, "whitePointX");
    c->white_y = chromaticity(amf, v, "whitePointY");
    c->max_luminance =
        (uint32_t)(number(amf, v, "maxLuminance", LUMINANCE_MAX) * LUMINANCE_SCALE);
    c->min_luminance =
        (uint32_t)(number(amf, v, "minLuminance", LUMINANCE_MAX) * LUMINANCE_SCALE);
    c->has_display = c->max_luminance > 0;
}

static void
read_info(struct bc_colour *c, const struct bc_amf *amf, const struct bc_amf_value *info)
{
    const struct bc_amf_value *config = bc_amf_get(amf, info, "colorConfig");
    c->primaries = (uint8_t)number(amf, config, "colorPrimaries", UINT8_MAX);
    c->transfer = (uint8_t)number(amf, config, "transferCharacteristics", UINT8_MAX);
    c->matrix = (uint8_t)number(amf, config, "matrixCoefficients", UINT8_MAX);
    const struct bc_amf_value *light = bc_amf_get(amf, info, "hdrCll");
    c->max_cll = (uint16_t)number(amf, light, "maxCLL", UINT16_MAX);
    c->max_fall = (uint16_t)number(amf, light, "maxFall", UINT16_MAX);
    c->has_light = c->max_cll > 0 || c->max_fall > 0;
    const struct bc_amf_value *display = bc_amf_get(amf, info, "hdrMdcv");
    if (display) {
        read_display(c, amf, display);
    }
}

int
bc_rtmp_colour_parse(struct bc_colour *out, const uint8_t *data, size_t len)
{
    memset(out, 0, sizeof(*out)); // with its padding, as tracks are compared by bytes
    struct bc_amf amf = { 0 };
    int ret = bc_amf_parse(&amf, data, len);
    if (ret == 0) {
        ret = -ENOENT;
        for (size_t i = 0; i < PAIRS_MAX && bc_amf_at(&amf, i); i += 2) {
            if (bc_amf_is(bc_amf_at(&amf, i), "colorInfo")) {
                read_info(out, &amf, bc_amf_at(&amf, i + 1));
                ret = 0;
            }
        }
    }
    bc_amf_finish(&amf);
    return ret;
}
