// SPDX-License-Identifier: Apache-2.0
#include "size.h"

#include <stdio.h>

#include "defaults.h"

static void
take_size(struct scene_reading *r, const json_t *object, struct bc_scene *scene)
{
    static const int SIDE[2] = { 96, BC_SCENE_MAX_SIDE };
    static const int FPS[2] = { 5, BC_SCENE_MAX_FPS };
    static const int VIDEO[2] = SCENE_VIDEO_RANGE;
    static const int AUDIO[2] = { 32, 320 };
    int width = SCENE_WIDTH;
    int height = SCENE_HEIGHT;
    int fps = SCENE_FPS;
    int video = SCENE_VIDEO_KBPS;
    int audio = SCENE_AUDIO_KBPS;
    uint32_t background = SCENE_BACKGROUND;
    scene_take_count(r, object, "width", SIDE, &width);
    scene_take_count(r, object, "height", SIDE, &height);
    scene_take_count(r, object, "fps", FPS, &fps);
    scene_take_count(r, object, "video_kbps", VIDEO, &video);
    scene_take_count(r, object, "audio_kbps", AUDIO, &audio);
    scene_take_color(r, object, "background", &background);
    if (width % 2 || height % 2) {
        scene_refuse(r, width % 2 ? "width" : "height", "must be even");
    }
    if (width * height > BC_SCENE_MAX_AREA) {
        scene_refuse(r, "width", "the picture must not be larger than 1920x1080");
    }
    if ((background & 0xff) != 0xff) {
        scene_refuse(r, "background", "must not be transparent");
    }
    scene->width = (unsigned)width;
    scene->height = (unsigned)height;
    scene->fps = (unsigned)fps;
    scene->video_kbps = (unsigned)video;
    scene->audio_kbps = (unsigned)audio;
    scene->background = background;
}

static void
take_rendition(struct scene_reading *r, const json_t *object, struct bc_scene *scene)
{
    static const char *const KEYS[] = { "height", "video_kbps", NULL };
    static const int VIDEO[2] = SCENE_VIDEO_RANGE;
    const int range[2] = { 96, (int)scene->height - 2 };
    int height = 0;
    int video = 0;
    if (!json_is_object(object)) {
        scene_refuse(r, "", "must be an object with height and video_kbps");
        return;
    }
    scene_check_keys(r, object, KEYS);
    scene_take_count(r, object, "height", range, &height);
    scene_take_count(r, object, "video_kbps", VIDEO, &video);
    if (height == 0 || video == 0) {
        scene_refuse(r, height == 0 ? "height" : "video_kbps", "is missing");
    } else if (height % 2) {
        scene_refuse(r, "height", "must be even");
    }
    unsigned last = scene->n_renditions
        ? scene->renditions[scene->n_renditions - 1].height
        : scene->height;
    if ((unsigned)height >= last) {
        scene_refuse(r, "height", "must be lower than that of the one before");
    }
    unsigned pixels = scene->width * (unsigned)height / scene->height;
    scene->renditions[scene->n_renditions++] = (struct bc_scene_rendition){
        .width = (pixels + 1) / 2 * 2,
        .height = (unsigned)height,
        .video_kbps = (unsigned)video,
    };
}

static void
take_renditions(struct scene_reading *r, const json_t *object, struct bc_scene *scene)
{
    const json_t *list =
        scene_take_list(r, object, "renditions", BC_SCENE_MAX_RENDITIONS);
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        snprintf(r->place, sizeof(r->place), "renditions[%zu]", i);
        take_rendition(r, value, scene);
    }
    r->place[0] = '\0';
}

void
scene_size_parse(struct scene_reading *r, const json_t *object, struct bc_scene *scene)
{
    take_size(r, object, scene);
    if (!r->failed) {
        take_renditions(r, object, scene);
    }
}
