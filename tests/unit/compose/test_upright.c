// SPDX-License-Identifier: Apache-2.0
// Whatever an input writes its colours in, the same colours are drawn.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compose/upright.h"

#define BARS 8
#define SIDE 16 // of a bar

// White, the six colours of a test picture at three quarters, and a dark grey.
static const double COLORS[BARS][3] = { { 1, 1, 1 }, { .75, .75, 0 }, { 0, .75, .75 },
    { 0, .75, 0 }, { .75, 0, .75 }, { .75, 0, 0 }, { 0, 0, .75 }, { .1, .1, .1 } };

// How a picture is written, and whether it says so.
struct way {
    int width;
    int height;
    double red;
    double blue;
    bool full;
    enum AVPixelFormat format;
    enum AVColorSpace space;
    enum AVColorRange range;
};

static const double *
color_at(const struct way *w, int x)
{
    return COLORS[x * BARS / w->width];
}

// The definition: ITU-R BT.601 2.5 and BT.709 3, in 8 bits.
static void
write_color(const struct way *w, const double *rgb, double yuv[3])
{
    double luma = w->red * rgb[0] + (1 - w->red - w->blue) * rgb[1] + w->blue * rgb[2];
    double blue = (rgb[2] - luma) / (2 * (1 - w->blue));
    double red = (rgb[0] - luma) / (2 * (1 - w->red));
    yuv[0] = w->full ? 255 * luma : 16 + 219 * luma;
    yuv[1] = 128 + (w->full ? 255 : 224) * blue;
    yuv[2] = 128 + (w->full ? 255 : 224) * red;
    yuv[1] = yuv[1] > 255 ? 255 : yuv[1];
    yuv[2] = yuv[2] > 255 ? 255 : yuv[2];
}

static AVFrame *
draw_bars(const struct way *w)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(w->format);
    AVFrame *f = av_frame_alloc();
    f->width = w->width;
    f->height = w->height;
    f->format = w->format;
    f->colorspace = w->space;
    f->color_range = w->range;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int p = 0; p < 3; p++) {
        int columns = p ? AV_CEIL_RSHIFT(w->width, d->log2_chroma_w) : w->width;
        int rows = p ? AV_CEIL_RSHIFT(w->height, d->log2_chroma_h) : w->height;
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < columns; x++) {
                double yuv[3];
                int at = p ? x << d->log2_chroma_w : x;
                write_color(w, color_at(w, at), yuv);
                uint8_t *row = f->data[p] + (ptrdiff_t)y * f->linesize[p];
                if (d->comp[0].depth > 8) {
                    uint16_t value = (uint16_t)lround(4 * yuv[p]);
                    memcpy(row + 2 * x, &value, 2);
                } else {
                    row[x] = (uint8_t)lround(yuv[p]);
                }
            }
        }
    }
    return f;
}

// The red, green or blue of a pixel as a player that knows BT.709 shows it.
static double
shown(const AVFrame *f, int x, int y, int part)
{
    double luma = (f->data[0][y * f->linesize[0] + x] - 16) / 219.0;
    double blue = (f->data[1][y / 2 * f->linesize[1] + x / 2] - 128) / 224.0;
    double red = (f->data[2][y / 2 * f->linesize[2] + x / 2] - 128) / 224.0;
    double green = (-0.2126 * 1.5748 * red - 0.0722 * 1.8556 * blue) / 0.7152;
    return luma + (part == 0 ? 1.5748 * red : part == 1 ? green : 1.8556 * blue);
}

static void
expect_colors(const struct way *w, const AVFrame *f)
{
    static const double CLOSE = 3 / 255.0; // numbers were rounded twice
    assert_int_equal(f->width, w->width);
    assert_int_equal(f->height, w->height);
    for (int y = 0; y < f->height; y++) {
        for (int bar = 0; bar < BARS; bar++) {
            int x = (2 * bar + 1) * f->width / (2 * BARS);
            for (int part = 0; part < 3; part++) {
                double is = shown(f, x, y, part);
                double wanted = color_at(w, x)[part];
                if (fabs(is - wanted) > CLOSE) {
                    fail_msg("bar %d, part %d: %.3f instead of %.3f", bar, part, is,
                        wanted);
                }
            }
        }
    }
}

static void
check(const struct way *w)
{
    struct compose_upright u = { 0 };
    AVFrame *f = draw_bars(w);
    AVFrame *made = compose_upright_make(&u, f);
    assert_non_null(made);
    assert_int_equal(made->format, AV_PIX_FMT_YUV420P);
    expect_colors(w, made);
    av_frame_free(&made);
    av_frame_free(&f);
    compose_upright_finish(&u);
}

#define BT601 .299, .114
#define BT709 .2126, .0722
#define YUV AV_PIX_FMT_YUV420P

static void
test_what_is_told_counts(void **state)
{
    (void)state;
    static const struct way ways[] = {
        { 640, 16, BT601, false, YUV, AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG },
        { 640, 16, BT601, false, YUV, AVCOL_SPC_BT470BG, AVCOL_RANGE_UNSPECIFIED },
        { 1280, 16, BT601, false, YUV, AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG },
        { 640, 16, BT709, false, YUV, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG },
        { 640, 16, BT709, true, YUV, AVCOL_SPC_BT709, AVCOL_RANGE_JPEG },
        { 640, 16, .2627, .0593, false, YUV, AVCOL_SPC_BT2020_NCL, AVCOL_RANGE_MPEG },
        { 640, 16, .212, .087, false, YUV, AVCOL_SPC_SMPTE240M, AVCOL_RANGE_MPEG },
        { 640, 16, .3, .11, false, YUV, AVCOL_SPC_FCC, AVCOL_RANGE_MPEG },
        { 640, 16, BT601, true, YUV, AVCOL_SPC_BT470BG, AVCOL_RANGE_JPEG },
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        check(&ways[i]);
    }
}

static void
test_what_is_not_told_is_guessed_by_the_size(void **state)
{
    (void)state;
    static const struct way ways[] = {
        { 640, 360, BT601, false, YUV, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED },
        { 1280, 720, BT709, false, YUV, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED },
        { 720, 1280, BT709, false, YUV, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED },
        { 640, 16, BT601, true, AV_PIX_FMT_YUVJ420P, AVCOL_SPC_UNSPECIFIED,
            AVCOL_RANGE_UNSPECIFIED },
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        check(&ways[i]);
    }
}

static void
test_other_formats_too(void **state)
{
    (void)state;
    static const struct way ways[] = {
        { 640, 16, BT601, false, AV_PIX_FMT_YUV444P, AVCOL_SPC_SMPTE170M,
            AVCOL_RANGE_MPEG },
        { 640, 16, BT709, false, AV_PIX_FMT_YUV422P, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG },
        { 640, 16, BT601, true, AV_PIX_FMT_YUVJ422P, AVCOL_SPC_BT470BG,
            AVCOL_RANGE_JPEG },
        { 640, 16, BT601, false, AV_PIX_FMT_YUV420P10LE, AVCOL_SPC_SMPTE170M,
            AVCOL_RANGE_MPEG },
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        check(&ways[i]);
    }
}

static void
test_rgb(void **state)
{
    (void)state;
    // The planes are green, blue, red: as if they were luma and chroma of nothing.
    struct way w = { 640, 16, BT709, false, AV_PIX_FMT_GBRP, AVCOL_SPC_RGB,
        AVCOL_RANGE_JPEG };
    static const int PARTS[3] = { 1, 2, 0 };
    struct compose_upright u = { 0 };
    AVFrame *f = draw_bars(&w);
    for (int p = 0; p < 3; p++) {
        for (int y = 0; y < w.height; y++) {
            for (int x = 0; x < w.width; x++) {
                f->data[p][y * f->linesize[p] + x] =
                    (uint8_t)lround(255 * color_at(&w, x)[PARTS[p]]);
            }
        }
    }
    AVFrame *made = compose_upright_make(&u, f);
    assert_non_null(made);
    expect_colors(&w, made);
    av_frame_free(&made);
    av_frame_free(&f);
    compose_upright_finish(&u);
}

// What is written as it is drawn costs nothing: it is the decoder's own memory.
static void
test_the_usual_input_is_not_touched(void **state)
{
    (void)state;
    static const struct way ways[] = {
        { 640, 16, BT709, false, YUV, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG },
        { 1280, 720, BT709, false, YUV, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED },
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct compose_upright u = { 0 };
        AVFrame *f = draw_bars(&ways[i]);
        AVFrame *made = compose_upright_make(&u, f);
        assert_ptr_equal(made->data[0], f->data[0]);
        av_frame_free(&made);
        av_frame_free(&f);
        compose_upright_finish(&u);
    }
}

// Sizes are what a stream says they are.
static void
test_odd_sizes(void **state)
{
    (void)state;
    for (int width = 1; width < 40; width++) {
        for (int height = 1; height < 5; height++) {
            struct way w = { width, height, BT601, true, YUV, AVCOL_SPC_BT470BG,
                AVCOL_RANGE_JPEG };
            struct compose_upright u = { 0 };
            AVFrame *f = draw_bars(&w);
            AVFrame *made = compose_upright_make(&u, f);
            assert_non_null(made);
            assert_int_equal(made->width, width);
            // The first bar is white, up to its very last pixels.
            assert_int_equal(made->data[0][(height - 1) * made->linesize[0]], 235);
            av_frame_free(&made);
            av_frame_free(&f);
            compose_upright_finish(&u);
        }
    }
}

static void
test_turned_ones_keep_their_colors(void **state)
{
    (void)state;
    struct way w = { 640, 16, BT601, false, YUV, AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG };
    struct compose_upright u = { 0 };
    AVFrame *f = draw_bars(&w);
    AVFrameSideData *side =
        av_frame_new_side_data(f, AV_FRAME_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t));
    av_display_rotation_set((int32_t *)side->data, 180);
    AVFrame *made = compose_upright_make(&u, f);
    assert_non_null(made);
    for (int bar = 0; bar < BARS; bar++) {
        int x = (2 * bar + 1) * w.width / (2 * BARS);
        for (int part = 0; part < 3; part++) {
            double wanted = COLORS[BARS - 1 - bar][part];
            assert_true(fabs(shown(made, x, 8, part) - wanted) < 3 / 255.0);
        }
    }
    av_frame_free(&made);
    av_frame_free(&f);
    compose_upright_finish(&u);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_told_counts),
        cmocka_unit_test(test_what_is_not_told_is_guessed_by_the_size),
        cmocka_unit_test(test_other_formats_too),
        cmocka_unit_test(test_rgb),
        cmocka_unit_test(test_the_usual_input_is_not_touched),
        cmocka_unit_test(test_odd_sizes),
        cmocka_unit_test(test_turned_ones_keep_their_colors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
