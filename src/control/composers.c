// SPDX-License-Identifier: Apache-2.0
// What composers ask and tell.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/keys.h"
#include "base/buf.h"
#include "base/query.h"
#include "base/whole_file.h"
#include "card/cards.h"
#include "card/pictures.h"
#include "control_internal.h"
#include "cue/cue.h"
#include "json.h"
#include "net/disk.h"
#include "net/timer.h"
#include "scene_body.h"
#include "scenes/scenes.h"
#include "stream/hub.h"

#define POLL_US 20000000
#define ADDRESS_MAX 256
#define ID_TEXT 24
#define URL_MAX 1024
#define REPORT_MAX 16384
#define PICTURE_MAX (256 << 10)
#define ASSET_MAX (8 << 20)
#define ASSET_NAME_MAX 1024

// --- what a composer is to do ---

// "HOST" and ":PORT" as the composer reached us; false: it did not say.
static bool
split_host(const struct bc_http_exchange *x, char host[ADDRESS_MAX], char port[8])
{
    static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-:[]";
    const char *text = bc_http_header(x, "host");
    if (!text || !text[0] || strlen(text) >= ADDRESS_MAX
        || strspn(text, ALLOWED) != strlen(text)) {
        return false;
    }
    snprintf(host, ADDRESS_MAX, "%s", text);
    char *colon = strrchr(host, ':');
    bool has_port = colon && !strchr(colon, ']') && strlen(colon) < 8;
    snprintf(port, 8, "%s", has_port ? colon : "");
    if (has_port) {
        *colon = '\0';
    }
    return true;
}

static bool
is_secure(const struct bc_config *config, const char *port)
{
    for (size_t i = 0; i < config->https.listen.n; i++) {
        if (port[0] && atoi(port + 1) == config->https.listen.items[i].port) {
            return config->tls.cert[0] != '\0';
        }
    }
    return false;
}

static void
add_inputs(struct bc_json *j, const struct bc_scene *scene, const char *base,
    const char *token)
{
    for (size_t i = 0; scene && i < scene->n_inputs; i++) {
        char url[URL_MAX];
        snprintf(url, sizeof(url), "%s/%s.flv?token=%s", base, scene->inputs[i], token);
        bc_json_text(j, scene->inputs[i], url);
    }
}

static void
add_transition(struct bc_json *j, const struct bc_scene_transition *transition)
{
    struct bc_json t;
    bc_json_begin(&t);
    bc_json_text(&t, "effect", transition->fade ? "fade" : "cut");
    bc_json_int(&t, "ms", transition->ms);
    bc_json_put(j, "transition", bc_json_end(&t));
}

// What the channel makes of cues, and the media clock that its own cues' times are on: that of
// the end of the composite's own picture, so that who draws knows how far they are.
static void
add_view(struct bc_control *control, struct bc_json *j, const struct bc_scenes_wish *wish)
{
    int64_t clock_us;
    int64_t wall_us;
    bc_cues_now(control->params.cues, wish->hidden, &clock_us, &wall_us);
    bc_json_int(j, "clock_ms", clock_us / 1000);
    bc_json_put(j, "view",
        wish->view ? bc_json_parse(wish->view->data, wish->view->len) : bc_json_nothing());
}

static struct json_t *
make_wish(struct bc_control *control, const struct bc_http_exchange *x,
    const struct bc_scenes_wish *wish)
{
    char host[ADDRESS_MAX] = "127.0.0.1";
    char port[8] = "";
    char base[ADDRESS_MAX + 32];
    char publish[URL_MAX];
    struct bc_config *config = bc_hub_config(control->params.hub);
    (void)split_host(x, host, port);
    snprintf(base, sizeof(base), "%s://%s%s", is_secure(config, port) ? "https" : "http",
        host, port);
    snprintf(publish, sizeof(publish), "rtmp://%s:%u/%s?key=%s", host,
        config->rtmp.listen.n ? (unsigned)config->rtmp.listen.items[0].port : 1935,
        wish->hidden, wish->key);
    publish[0] = wish->idle ? '\0' : publish[0];
    bc_config_unref(&config);
    const char *token = bc_keys_compose_token(control->params.keys);
    struct bc_json j;
    struct bc_json inputs;
    bc_json_begin(&j);
    bc_json_int(&j, "version", wish->version);
    bc_json_text(&j, "name", wish->hidden);
    bc_json_text(&j, "publish", publish);
    bc_json_begin(&inputs);
    add_inputs(&inputs, wish->scene, base, token);
    add_inputs(&inputs, wish->preview, base, token);
    bc_json_put(&j, "inputs", bc_json_end(&inputs));
    bc_json_put(&j, "scene", bc_control_scene_json(wish->scene));
    bc_json_put(&j, "preview", bc_control_scene_json(wish->preview));
    add_transition(&j, &wish->transition);
    bc_json_bool(&j, "want_preview", wish->want_preview);
    add_view(control, &j, wish);
    explicit_bzero(publish, sizeof(publish));
    return bc_json_end(&j);
}

static void
respond_gone(struct bc_http_exchange *x)
{
    bc_control_respond_error(
        x, 404, "no_such_composer", "this composer is not wanted (any more)", NULL);
}

static void
respond_wish(struct bc_control *control, struct bc_http_exchange *x, const char *number)
{
    struct bc_scenes_wish wish;
    struct bc_scenes *scenes = control->params.scenes;
    if (!bc_scenes_wish(scenes, bc_scenes_composer_id(scenes, number), &wish)) {
        respond_gone(x);
        return;
    }
    bc_control_respond_json(x, 200, make_wish(control, x, &wish));
    bc_scenes_wish_finish(&wish);
}

// --- waiting for news ---

// A composer that waits until something else is wanted. Owned by itself; one worker's.
struct composer_poll {
    struct bc_control *control;
    struct bc_http_exchange *x; // NULL: the composer has gone
    struct bc_scenes_waiter waiter;
    struct bc_timer timer;
    char number[ID_TEXT];
};

static void
on_gone(void *user)
{
    struct composer_poll *p = user;
    bc_timer_cancel(&p->timer);
    p->x = NULL;
    if (bc_scenes_wait_cancel(p->control->params.scenes, &p->waiter)) {
        free(p);
    }
}

static void
answer(struct composer_poll *p)
{
    struct bc_http_exchange *x = p->x;
    struct bc_control *control = p->control;
    char number[ID_TEXT];
    memcpy(number, p->number, sizeof(number));
    bc_timer_cancel(&p->timer);
    if (x) {
        bc_http_on_gone(x, NULL, NULL);
    }
    free(p);
    if (x) {
        respond_wish(control, x, number);
    }
}

static void
on_news(struct bc_scenes_waiter *waiter)
{
    answer(bc_container_of(waiter, struct composer_poll, waiter));
}

static void
on_timer(struct bc_timer *timer)
{
    struct composer_poll *p = bc_container_of(timer, struct composer_poll, timer);
    if (bc_scenes_wait_cancel(p->control->params.scenes, &p->waiter)) {
        answer(p);
    }
}

void
bc_control_composer(
    struct bc_control *control, struct bc_http_exchange *x, const char *text)
{
    char after[24];
    uint64_t id = bc_scenes_composer_id(control->params.scenes, text);
    bool waits = bc_query_get(bc_http_query(x), "after", after, sizeof(after)) > 0
        && bc_http_method(x) == BC_HTTP_GET;
    struct composer_poll *p = waits ? calloc(1, sizeof(*p)) : NULL;
    if (!p) {
        respond_wish(control, x, text);
        return;
    }
    snprintf(p->number, sizeof(p->number), "%s", text);
    p->control = control;
    p->x = x;
    p->waiter.worker = bc_http_worker(x);
    p->waiter.id = id;
    p->waiter.news = on_news;
    bc_timer_init(&p->timer, p->waiter.worker, on_timer);
    if (!bc_scenes_wait(control->params.scenes, &p->waiter, strtoll(after, NULL, 10))) {
        free(p);
        respond_wish(control, x, text);
        return;
    }
    bc_timer_set(&p->timer, POLL_US);
    bc_http_on_gone(x, on_gone, p);
}

// --- what it tells ---

static void
put(struct bc_control *control, struct bc_http_exchange *x, const char *id, bool picture)
{
    struct bc_http_body body = bc_http_request_body(x);
    struct json_t *report = picture ? NULL : bc_json_parse(body.data, body.len);
    bool jpeg = picture && body.len > 3 && memcmp(body.data, "\xff\xd8\xff", 3) == 0;
    if (body.len > (picture ? PICTURE_MAX : REPORT_MAX) || !(report || jpeg)) {
        bc_control_respond_error(x, 400, "bad_report",
            "a status is a JSON object, a picture is a JPEG; both have limits", NULL);
        bc_json_drop(report);
        return;
    }
    bc_json_drop(report);
    struct bc_buf *buf = bc_buf_copy(body.data, body.len);
    struct bc_scenes *scenes = control->params.scenes;
    uint64_t number = bc_scenes_composer_id(scenes, id);
    if (!buf) {
        bc_control_respond_json(x, 200, NULL);
    } else if (picture ? bc_scenes_put_picture(scenes, number, buf)
                       : bc_scenes_report(scenes, number, bc_http_peer_ip(x), buf)) {
        bc_control_respond_nothing(x);
    } else {
        respond_gone(x);
    }
    bc_buf_unref(&buf);
}

void
bc_control_composer_status(
    struct bc_control *control, struct bc_http_exchange *x, const char *id)
{
    put(control, x, id, false);
}

void
bc_control_composer_picture(
    struct bc_control *control, struct bc_http_exchange *x, const char *id)
{
    put(control, x, id, true);
}

void
bc_control_composer_find(
    struct bc_control *control, struct bc_http_exchange *x, const char *none)
{
    (void)none;
    struct bc_http_body body = bc_http_request_body(x);
    struct json_t *request = bc_json_parse(body.data, body.len);
    const char *channel = request ? bc_json_get_text(request, "channel") : NULL;
    uint64_t id = 0;
    int ret = channel ? bc_scenes_claim(control->params.scenes, channel, &id) : 0;
    if (!channel) {
        bc_control_respond_error(
            x, 400, "bad_composer", "a composer is {\"channel\": \"app/stream\"}", NULL);
    } else if (ret == -EBUSY) {
        bc_control_respond_error(x, 409, "already_composed",
            "another process composes the scene of this channel", NULL);
    } else if (ret != 0) {
        bc_control_respond_error(x, 404, "no_scene",
            "this channel has no scene, or there are too many composers already", NULL);
    } else {
        char text[ID_TEXT];
        struct bc_json j;
        snprintf(text, sizeof(text), "%" PRIu64, id);
        bc_json_begin(&j);
        bc_json_text(&j, "id", text);
        bc_control_respond_json(x, 201, bc_json_end(&j));
    }
    bc_json_drop(request);
}

// --- pictures that scenes name ---

// A file or an uploaded picture that is read for a composer. Owned by itself.
struct asset {
    struct bc_task task;
    struct bc_disk *disk;
    struct bc_picture_store *pictures; // borrowed; NULL: it is a file
    struct bc_worker *worker;
    struct bc_http_exchange *x; // NULL: the composer has gone
    char *bytes;                // owned
    size_t len;
    struct bc_buf *body; // owned reference; what is sent
    char name[ASSET_NAME_MAX];
};

static bool
names(const struct bc_scene *scene, const char *name)
{
    for (size_t i = 0; scene && i < scene->n_layers; i++) {
        const struct bc_scene_layer *l = &scene->layers[i];
        if ((l->picture && strcmp(l->picture, name) == 0)
            || (l->slate && strcmp(l->slate, name) == 0)) {
            return true;
        }
    }
    return false;
}

static void
respond_bytes(struct bc_http_exchange *x, struct bc_buf *body)
{
    struct bc_http_response r = { .status = 200,
        .content_type = "application/octet-stream",
        .headers = BC_CONTROL_NO_STORE,
        .bufs = &body,
        .count = 1 };
    bc_http_respond(x, &r);
}

// "NAME.svg", a card's template; NULL: there is none.
static struct bc_buf *
find_template(struct bc_cards *cards, const char *file)
{
    char name[BC_CARD_NAME_MAX + 1];
    size_t len = strlen(file);
    size_t suffix = strlen(".svg");
    if (!cards || len <= suffix || len - suffix > BC_CARD_NAME_MAX
        || strcmp(file + len - suffix, ".svg") != 0) {
        return NULL;
    }
    memcpy(name, file, len - suffix);
    name[len - suffix] = '\0';
    struct bc_card_set *set = bc_cards_set(cards);
    struct bc_buf *svg = bc_card_set_source(set, name);
    bc_card_set_unref(&set);
    return svg;
}

static void
asset_answer(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct asset *a = bc_container_of(task, struct asset, task);
    if (a->x) {
        if (a->bytes) {
            a->body = bc_buf_copy(a->bytes, a->len);
        }
        if (a->body) {
            respond_bytes(a->x, a->body);
        } else {
            bc_control_respond_error(
                a->x, 404, "no_such_file", "there is no such picture", NULL);
        }
    }
    bc_buf_unref(&a->body);
    free(a->bytes);
    free(a);
}

static void
asset_read(struct bc_task *task, struct bc_worker *worker)
{
    (void)worker;
    struct asset *a = bc_container_of(task, struct asset, task);
    if (a->pictures) {
        a->body = bc_picture_store_read(a->pictures, a->name);
    } else {
        (void)bc_whole_file_read(AT_FDCWD, a->name, ASSET_MAX, &a->bytes, &a->len);
    }
    a->task.run = asset_answer;
    bc_worker_post(a->worker, &a->task);
}

static void
asset_gone(void *user)
{
    struct asset *a = user;
    a->x = NULL;
}

void
bc_control_composer_asset(
    struct bc_control *control, struct bc_http_exchange *x, const char *id)
{
    struct bc_scenes_wish wish;
    if (!bc_scenes_wish(control->params.scenes,
            bc_scenes_composer_id(control->params.scenes, id), &wish)) {
        respond_gone(x);
        return;
    }
    struct asset *a = calloc(1, sizeof(*a));
    bool named = a
        && bc_query_get(bc_http_query(x), "name", a->name, sizeof(a->name)) > 0;
    struct bc_buf *template
        = named ? find_template(control->params.cards, a->name) : NULL;
    // Everybody may see uploaded pictures, and cues name them too.
    bool uploaded = named && bc_picture_id_is_valid(a->name);
    named = uploaded || (named && (names(wish.scene, a->name) || names(wish.preview, a->name)));
    bc_scenes_wish_finish(&wish);
    if (template) {
        respond_bytes(x, template);
        bc_buf_unref(&template);
        free(a);
        return;
    }
    if (!named || !control->params.disk) {
        free(a);
        bc_control_respond_error(
            x, 404, "no_such_file", "the scene names no such picture", NULL);
        return;
    }
    a->pictures = uploaded ? control->params.pictures : NULL;
    a->x = x;
    a->worker = bc_http_worker(x);
    bc_list_init(&a->task.node);
    a->task.run = asset_read;
    bc_http_on_gone(x, asset_gone, a);
    bc_disk_post(control->params.disk, &a->task);
}
