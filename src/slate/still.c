// SPDX-License-Identifier: Apache-2.0
#include "still.h"

#include "encoder.h"
#include "sound.h"

// Every viewer gets it once a second.
#define BYTES_720P (60 << 10)
#define BYTES_MIN (16 << 10)
// The first ones still have to do with the beginning.
#define SILENT_PACKETS 4

static size_t
bytes_wanted(const struct slate_format *f)
{
    size_t bytes = (size_t)BYTES_720P * (size_t)(f->width * f->height) / (1280 * 720);
    return bytes < BYTES_MIN ? BYTES_MIN : bytes;
}

static const char *
encode_key(AVFrame *picture, int quality, struct slate_media *out)
{
    struct slate_encoder e;
    const char *why =
        slate_encoder_init(&e, &out->format, SLATE_EFFORT_STILL, quality);
    slate_units_finish(&out->pictures);
    if (!why
        && (!slate_encoder_push(&e, picture, true, &out->pictures)
            || !slate_encoder_push(&e, NULL, false, &out->pictures)
            || out->pictures.count != 1)) {
        why = "it cannot be encoded";
    }
    for (int i = 1; !why && i < out->format.gop; i++) {
        struct bc_buf *skip = slate_skip_write(&e.skip, (unsigned)i);
        why = slate_units_add(&out->pictures, skip, false) ? NULL : "no memory";
    }
    if (!why) {
        bc_track_unref(&out->video);
        out->video = bc_track_ref(e.track);
    }
    slate_encoder_finish(&e);
    return why;
}

const char *
slate_still_make(AVFrame *picture, struct slate_media *out)
{
    // Coarser until it is small enough.
    static const int QUALITIES[] = { 20, 25, 30, 35 };
    const char *why = NULL;
    for (size_t i = 0; !why && i < sizeof(QUALITIES) / sizeof(QUALITIES[0]); i++) {
        why = encode_key(picture, QUALITIES[i], out);
        if (!why && out->pictures.items[0].buf->len <= bytes_wanted(&out->format)) {
            break;
        }
    }
    out->still = true;
    return why ? why : slate_silence_make(out);
}

const char *
slate_silence_make(struct slate_media *out)
{
    if (!out->format.has_sound) {
        return NULL;
    }
    struct slate_sound s;
    struct slate_units units = { 0 };
    const char *why = slate_sound_init(&s, &out->format, &units);
    if (!why
        && (!slate_sound_fill(&s, (int64_t)(SILENT_PACKETS + 2) * SLATE_SOUND_SAMPLES)
            || units.count < SILENT_PACKETS)) {
        why = "silence cannot be encoded";
    }
    if (!why) {
        out->silence.buf = bc_buf_ref(units.items[SILENT_PACKETS - 1].buf);
        out->audio = slate_sound_track(&s);
        why = out->audio ? NULL : "no memory";
    }
    slate_sound_finish(&s);
    slate_units_finish(&units);
    return why;
}
