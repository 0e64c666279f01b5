// SPDX-License-Identifier: Apache-2.0
// Scenes on the disk: those that the API set, and those of the configuration.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/whole_file.h"
#include "scenes_internal.h"

#define NAME "scenes.json"
#define ASIDE NAME ".damaged"
#define VERSION 1
#define BYTES_MAX (64 << 20)

// --- writing ---

static int
put_scene(json_t *object, const char *key, const struct bc_scene *scene)
{
    struct bc_buf *text = scene ? bc_scene_to_json(scene) : NULL;
    int failed = 0;
    if (scene) {
        json_t *value = text ? json_loadb((const char *)text->data, text->len, 0, NULL) : NULL;
        failed = json_object_set_new(object, key, value);
    }
    bc_buf_unref(&text);
    return failed;
}

char *
scenes_file_text(struct bc_scenes *s)
{
    json_t *channels = json_object();
    int failed = !channels;
    bc_list_for_each(node, tmp, &s->board.composites)
    {
        const struct scenes_composite *c = bc_container_of(node, struct scenes_composite, node);
        if (c->by_api || c->preview) {
            json_t *object = json_object();
            failed |= put_scene(object, "scene", c->by_api ? c->program : NULL);
            failed |= put_scene(object, "preview", c->preview);
            failed |= json_object_set_new(channels, c->name, object);
        }
    }
    json_t *root = json_pack("{s:i,s:o}", "version", VERSION, "channels", channels);
    char *text = failed || !root ? NULL : json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(root);
    return text;
}

static int
open_dir(const struct bc_scenes *s)
{
    int fd = open(s->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void
scenes_file_write(struct bc_scenes *s, const char *text)
{
    static const struct bc_whole_file_options KEPT = { .mode = 0640, .sync = true };
    int dir = open_dir(s);
    int ret = dir < 0 ? dir : bc_whole_file_replace(dir, NAME, text, strlen(text), &KEPT);
    if (dir >= 0) {
        close(dir);
    }
    if (ret != 0) {
        bc_error(&s->log, "%s/" NAME " cannot be written: %s", s->data_dir, strerror(-ret));
    }
}

// --- reading ---

static struct bc_scene *
take_scene(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    char *text = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
    struct bc_scene *scene = text ? bc_scene_parse_json(text, strlen(text), NULL) : NULL;
    free(text);
    return scene;
}

static void
take_channel(struct bc_scenes *s, const char *name, const json_t *object)
{
    static const struct bc_scene_transition CUT = { .fade = false };
    struct bc_scene *scene = take_scene(object, "scene");
    struct bc_scene *preview = take_scene(object, "preview");
    if (!bc_channel_name_is_valid(name) || (!scene && !preview)) {
        bc_warn(&s->log, NAME ": what it has of one channel was left out");
    } else {
        if (scene && bc_scenes_set(s, name, scene, &CUT) != 0) {
            bc_warn(&s->log, "%s: its scene cannot be shown again", name);
        }
        pthread_mutex_lock(&s->lock);
        if (preview && scenes_board_set_preview(&s->board, name, preview) != 0) {
            bc_info(&s->log, "%s: its preview was left out", name);
        }
        pthread_mutex_unlock(&s->lock);
    }
    bc_scene_unref(&scene);
    bc_scene_unref(&preview);
}

static bool
take_file(struct bc_scenes *s, const char *text, size_t len)
{
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *channels = json_object_get(root, "channels");
    bool ok = json_integer_value(json_object_get(root, "version")) == VERSION
        && json_is_object(channels);
    const char *name;
    json_t *value;
    json_object_foreach(channels, name, value)
    {
        if (ok) {
            take_channel(s, name, value);
        }
    }
    json_decref(root);
    return ok;
}

void
scenes_file_load(struct bc_scenes *s)
{
    char *text = NULL;
    size_t len = 0;
    int dir = open_dir(s);
    int ret = dir < 0 ? dir : bc_whole_file_read(dir, NAME, BYTES_MAX, &text, &len);
    if (ret == 0 && !take_file(s, text, len)) {
        bc_error(&s->log, NAME " is damaged, and put aside as " ASIDE);
        ret = renameat(dir, NAME, dir, ASIDE) != 0 ? -errno : 0;
    }
    if (ret != 0 && ret != -ENOENT) {
        bc_error(&s->log, "%s/" NAME ": %s", s->data_dir, strerror(-ret));
    }
    if (dir >= 0) {
        close(dir);
    }
    free(text);
    pthread_mutex_lock(&s->lock);
    s->dirty = false;
    pthread_mutex_unlock(&s->lock);
}

struct bc_scene *
scenes_file_read_scene(struct bc_scenes *s, const char *channel, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    struct bc_scene_error error = { "" };
    int ret = bc_whole_file_read(AT_FDCWD, path, BC_SCENE_MAX_BYTES, &text, &len);
    struct bc_scene *scene = ret == 0 ? bc_scene_parse(text, len, &error) : NULL;
    if (!scene) {
        bc_error(&s->log, "channels.%s.scene: %.300s: %s", channel, path,
            ret == 0 ? error.text : strerror(-ret));
    }
    for (size_t i = 0; scene && i < scene->n_inputs; i++) {
        if (strcmp(scene->inputs[i], channel) == 0) {
            bc_error(&s->log, "channels.%s.scene: %.300s: a channel cannot show itself",
                channel, path);
            bc_scene_unref(&scene);
            break;
        }
    }
    free(text);
    return scene;
}
