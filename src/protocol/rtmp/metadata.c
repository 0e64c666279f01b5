// SPDX-License-Identifier: Apache-2.0
#include "protocol/rtmp/metadata.h"

#include <errno.h>

#include "base/writer.h"
#include "protocol/rtmp/amf.h"

#define MAX_PIXELS 16384
#define MAX_FPS 1000
#define MAX_KBPS 1e7
#define MAX_SAMPLE_RATE 768000

static double
hint(const struct bc_amf *amf, const struct bc_amf_value *object, const char *key,
    double max)
{
    double v = bc_amf_number(bc_amf_get(amf, object, key), 0);
    return v > 0 && v <= max ? v : 0;
}

// An FLV id, a FourCC as a number, or its four letters ("avc1", E2 onMetaData).
static uint32_t
codec_hint(const struct bc_amf *amf, const struct bc_amf_value *object, const char *key)
{
    const struct bc_amf_value *v = bc_amf_get(amf, object, key);
    double id = bc_amf_number(v, -1);
    if (id >= 0) {
        return id <= UINT32_MAX ? (uint32_t)id : 0;
    }
    if (v && v->type == BC_AMF_STRING && v->text_len == 4) {
        const uint8_t *c = (const uint8_t *)v->text;
        return BC_RTMP_FOURCC(c[0], c[1], c[2], c[3]);
    }
    return 0;
}

static void
read_hints(struct bc_rtmp_metadata *md, const struct bc_amf *amf,
    const struct bc_amf_value *object)
{
    md->width = (uint32_t)hint(amf, object, "width", MAX_PIXELS);
    md->height = (uint32_t)hint(amf, object, "height", MAX_PIXELS);
    md->framerate = hint(amf, object, "framerate", MAX_FPS);
    if (md->framerate == 0) {
        md->framerate = hint(amf, object, "fps", MAX_FPS);
    }
    md->video_kbps = hint(amf, object, "videodatarate", MAX_KBPS);
    md->audio_kbps = hint(amf, object, "audiodatarate", MAX_KBPS);
    md->video_codec = codec_hint(amf, object, "videocodecid");
    md->audio_codec = codec_hint(amf, object, "audiocodecid");
    md->audio_sample_rate =
        (uint32_t)hint(amf, object, "audiosamplerate", MAX_SAMPLE_RATE);
    md->stereo = bc_amf_number(bc_amf_get(amf, object, "stereo"), 0) != 0;
    md->has_video =
        bc_amf_number(bc_amf_get(amf, object, "hasVideo"), md->video_codec) != 0;
    md->has_audio =
        bc_amf_number(bc_amf_get(amf, object, "hasAudio"), md->audio_codec) != 0;
    (void)bc_amf_copy_text(bc_amf_get(amf, object, "encoder"), md->encoder,
        sizeof(md->encoder));
}

int
bc_rtmp_metadata_parse(struct bc_rtmp_metadata *md, const uint8_t *data, size_t len)
{
    *md = (struct bc_rtmp_metadata){ 0 };
    struct bc_amf amf = { 0 };
    int ret = bc_amf_parse(&amf, data, len);
    if (ret != -ENOMEM) {
        size_t at = bc_amf_is(bc_amf_at(&amf, 0), "@setDataFrame") ? 1 : 0;
        const struct bc_amf_value *object = bc_amf_at(&amf, at + 1);
        if (bc_amf_at(&amf, at) && !bc_amf_is(bc_amf_at(&amf, at), "onMetaData")) {
            ret = -ENOENT;
        } else if (!object || object->type != BC_AMF_OBJECT) {
            ret = -EINVAL;
        } else {
            read_hints(md, &amf, object);
            ret = 0;
        }
    }
    bc_amf_finish(&amf);
    return ret;
}

static void
put_number(struct bc_writer *w, const char *key, double v, uint32_t *count)
{
    if (v > 0) {
        bc_amf_write_key(w, key);
        bc_amf_write_number(w, v);
        ++*count;
    }
}

static void
put_boolean(struct bc_writer *w, const char *key, bool v, uint32_t *count)
{
    bc_amf_write_key(w, key);
    bc_amf_write_boolean(w, v);
    ++*count;
}

void
bc_rtmp_metadata_write(struct bc_writer *w, const struct bc_rtmp_metadata *md)
{
    uint32_t count = 0;
    bc_amf_write_string(w, "onMetaData");
    size_t count_at = w->len + 1;
    bc_amf_write_ecma_begin(w, 0);
    put_boolean(w, "hasVideo", md->has_video, &count);
    put_boolean(w, "hasAudio", md->has_audio, &count);
    put_number(w, "width", md->width, &count);
    put_number(w, "height", md->height, &count);
    put_number(w, "framerate", md->framerate, &count);
    put_number(w, "videodatarate", md->video_kbps, &count);
    put_number(w, "videocodecid", md->video_codec, &count);
    put_number(w, "audiodatarate", md->audio_kbps, &count);
    put_number(w, "audiocodecid", md->audio_codec, &count);
    put_number(w, "audiosamplerate", md->audio_sample_rate, &count);
    if (md->has_audio) {
        put_boolean(w, "stereo", md->stereo, &count);
    }
    if (md->encoder[0]) {
        bc_amf_write_key(w, "encoder");
        bc_amf_write_string(w, md->encoder);
        count++;
    }
    bc_amf_write_object_end(w);
    bc_write_be_at(w, count_at, count, 4);
}
