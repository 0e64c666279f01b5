// SPDX-License-Identifier: Apache-2.0
#ifndef DEFAULTS_H
#define DEFAULTS_H

// What a scene is when nothing is said.
#define SCENE_WIDTH 1280
#define SCENE_HEIGHT 720
#define SCENE_FPS 30
#define SCENE_VIDEO_KBPS 2500
#define SCENE_AUDIO_KBPS 128
#define SCENE_BACKGROUND 0x000000ffU
#define SCENE_VIDEO_RANGE                                                                \
    {                                                                                    \
        50, 20000                                                                        \
    }

#endif
