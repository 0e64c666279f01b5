// SPDX-License-Identifier: Apache-2.0
#include "format.h"

#define LONG_SIDE_MAX 1920
#define SHORT_SIDE_MAX 1080
#define SIDE_MIN 64
#define USUAL_WIDTH 1280
#define USUAL_HEIGHT 720
#define USUAL_FPS 25
#define FPS_MIN 5
#define FPS_MAX 60
#define USUAL_RATE 48000
#define AVCC_PROFILE 1
#define AVCC_LEVEL 3
#define PROFILE_BASELINE 66
#define PROFILE_MAIN 77
#define PROFILE_HIGH 100

// --- the picture ---

// In the box that lies or stands as the picture does.
static void
set_size(struct slate_format *f, int64_t w, int64_t h)
{
    int64_t max_w = w >= h ? LONG_SIDE_MAX : SHORT_SIDE_MAX;
    int64_t max_h = w >= h ? SHORT_SIDE_MAX : LONG_SIDE_MAX;
    if (w > max_w) {
        h = h * max_w / w;
        w = max_w;
    }
    if (h > max_h) {
        w = w * max_h / h;
        h = max_h;
    }
    f->width = w < SIDE_MIN ? SIDE_MIN : (int)(w & ~INT64_C(1));
    f->height = h < SIDE_MIN ? SIDE_MIN : (int)(h & ~INT64_C(1));
}

static void
set_rate(struct slate_format *f, uint32_t num, uint32_t den)
{
    f->fps_num = USUAL_FPS;
    f->fps_den = 1;
    bool sane = den > 0 && num <= INT32_MAX && den <= INT32_MAX && num / den <= FPS_MAX
        && (uint64_t)num >= (uint64_t)den * FPS_MIN;
    if (sane) {
        f->fps_num = (int)num;
        f->fps_den = (int)den;
    }
    f->gop = (int)(((int64_t)f->fps_num + f->fps_den / 2) / f->fps_den);
}

// The lowest level with room for the picture and its rate; Rec. ITU-T H.264 table A-1.
static int
least_level(const struct slate_format *f)
{
    static const struct {
        int level;
        int64_t blocks_per_s;
        int64_t blocks;
    } LEVELS[] = { { 10, 1485, 99 }, { 11, 3000, 396 }, { 12, 6000, 396 },
        { 13, 11880, 396 }, { 21, 19800, 792 }, { 22, 20250, 1620 }, { 30, 40500, 1620 },
        { 31, 108000, 3600 }, { 32, 216000, 5120 }, { 40, 245760, 8192 },
        { 42, 522240, 8704 } };
    size_t n = sizeof(LEVELS) / sizeof(LEVELS[0]);
    int64_t blocks = (int64_t)((f->width + 15) / 16) * ((f->height + 15) / 16);
    for (size_t i = 0; i < n; i++) {
        if (blocks <= LEVELS[i].blocks
            && blocks * f->fps_num <= LEVELS[i].blocks_per_s * f->fps_den) {
            return LEVELS[i].level;
        }
    }
    return 50;
}

static bool
is_level(int level)
{
    return (level >= 10 && level <= 13) || (level >= 20 && level <= 22)
        || (level >= 30 && level <= 32) || (level >= 40 && level <= 42)
        || (level >= 50 && level <= 52);
}

static void
set_profile(struct slate_format *f, const struct bc_track *video)
{
    bool avc = video && video->codec == BC_CODEC_AVC && video->config
        && video->config->len > AVCC_LEVEL;
    int profile = avc ? video->config->data[AVCC_PROFILE] : PROFILE_HIGH;
    int level = avc ? video->config->data[AVCC_LEVEL] : 0;
    int least = least_level(f);
    f->profile = profile == PROFILE_BASELINE || profile == PROFILE_MAIN ? profile
                                                                        : PROFILE_HIGH;
    f->level = is_level(level) && level > least ? level : least;
}

// --- the sound ---

static bool
is_aac_rate(uint32_t rate)
{
    static const uint32_t RATES[] = { 96000, 88200, 64000, 48000, 44100, 32000, 24000,
        22050, 16000, 12000, 11025, 8000 };
    for (size_t i = 0; i < sizeof(RATES) / sizeof(RATES[0]); i++) {
        if (RATES[i] == rate) {
            return true;
        }
    }
    return false;
}

static void
set_sound(struct slate_format *f, const struct bc_track *audio)
{
    bool known = audio && is_aac_rate(audio->sample_rate);
    bool layout = audio && (audio->channels == 1 || audio->channels == 6);
    f->has_sound = true;
    f->sample_rate = known ? (int)audio->sample_rate : USUAL_RATE;
    f->channels = layout ? (int)audio->channels : 2;
}

// --- all ---

void
slate_format_like(struct slate_format *f, const struct bc_track *video,
    const struct bc_track *audio)
{
    *f = (struct slate_format){ 0 };
    bool sized = video && video->width > 0 && video->height > 0;
    set_size(f, sized ? video->width : USUAL_WIDTH, sized ? video->height : USUAL_HEIGHT);
    set_rate(f, video ? video->fps_num : 0, video ? video->fps_den : 0);
    set_profile(f, video);
    if (audio || !video) {
        set_sound(f, audio);
    }
}

bool
slate_format_equal(const struct slate_format *a, const struct slate_format *b)
{
    return a->width == b->width && a->height == b->height && a->fps_num == b->fps_num
        && a->fps_den == b->fps_den && a->profile == b->profile && a->level == b->level
        && a->has_sound == b->has_sound && a->sample_rate == b->sample_rate
        && a->channels == b->channels;
}

// Neither product overflows within thousands of years.
int64_t
slate_picture_us(const struct slate_format *f, uint64_t n)
{
    uint64_t num = (uint64_t)f->fps_num;
    uint64_t seconds = n / num * (uint64_t)f->fps_den;
    return (int64_t)(seconds * 1000000 + n % num * (uint64_t)f->fps_den * 1000000 / num);
}

int64_t
slate_sound_us(const struct slate_format *f, uint64_t n)
{
    uint64_t rate = (uint64_t)f->sample_rate;
    uint64_t samples = n * SLATE_SOUND_SAMPLES;
    return (int64_t)(samples / rate * 1000000 + samples % rate * 1000000 / rate);
}
