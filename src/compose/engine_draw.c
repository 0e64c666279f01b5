// SPDX-License-Identifier: Apache-2.0
#include "engine_internal.h"

// Until then a picture that does not go on is shown; see compose_seen.away.
#define HOLD_US 2000000
#define PREVIEW_EVERY_US 200000
#define US_PER_MS 1000

unsigned
compose_engine_look_at_inputs(struct compose_engine *e, int64_t now_us,
    struct compose_seen seen[COMPOSE_INPUTS_MAX])
{
    unsigned count = 0;
    for (unsigned i = 0; i < COMPOSE_INPUTS_MAX; i++) {
        struct compose_input *input = e->slots[i].input;
        if (input) {
            struct compose_seen *s = &seen[count++];
            s->name = compose_input_name(input);
            s->picture = compose_input_picture(input, now_us, &s->serial);
            s->away = compose_input_still_us(input, now_us) > HOLD_US;
        }
    }
    return count;
}

// Both scenes, the old one beneath the new one.
static bool
draw_fade(struct compose_engine *e, const struct compose_seen *seen, unsigned count,
    int64_t now_us, AVFrame *canvas)
{
    double part = (double)(now_us - e->now.began_us) / (double)e->fade_us;
    AVFrame *over = compose_canvas_get(&e->second, canvas->width, canvas->height);
    bool ok = over && compose_view_draw(&e->was, NULL, NULL, seen, count, now_us, canvas)
        && compose_view_draw(&e->now, NULL, NULL, seen, count, now_us, over);
    if (ok) {
        struct bc_draw_canvas to = compose_canvas_of(canvas);
        struct bc_draw_picture from = { { over->data[0], over->data[1], over->data[2] },
            { over->linesize[0], over->linesize[1], over->linesize[2] }, over->width,
            over->height };
        bc_draw_cross(&to, &from, bc_draw_opacity(part));
    }
    av_frame_free(&over);
    return ok;
}

static void
end_change(struct compose_engine *e, int64_t now_us)
{
    int64_t since_us = now_us - e->now.began_us;
    bool goes_on = e->fade_us > 0 ? since_us < e->fade_us
                                  : compose_view_leaves(&e->was, e->leaving, since_us);
    if (e->was.look && !goes_on) {
        compose_view_finish(&e->was);
        compose_canvas_finish(&e->second);
        e->fade_us = 0;
    }
}

AVFrame *
compose_engine_draw(struct compose_engine *e, const struct compose_seen *seen,
    unsigned count, int64_t now_us)
{
    end_change(e, now_us);
    AVFrame *canvas =
        compose_canvas_get(&e->canvas, e->now.look->width, e->now.look->height);
    if (!canvas) {
        return NULL;
    }
    bool fades = e->was.look && e->fade_us > 0;
    bool ok = fades ? draw_fade(e, seen, count, now_us, canvas)
                    : compose_view_draw(&e->now, e->was.look ? &e->was : NULL, e->leaving,
                        seen, count, now_us, canvas);
    if (!ok) {
        av_frame_free(&canvas);
    }
    return canvas;
}

void
compose_engine_draw_preview(struct compose_engine *e, const struct compose_seen *seen,
    unsigned count, int64_t now_us)
{
    if (!e->want_preview || !e->preview.look
        || now_us - e->preview_us < PREVIEW_EVERY_US) {
        return;
    }
    struct compose_canvas once = { 0 };
    AVFrame *f =
        compose_canvas_get(&once, e->preview.look->width, e->preview.look->height);
    e->preview_us = now_us;
    if (f && !compose_view_draw(&e->preview, NULL, NULL, seen, count, now_us, f)) {
        av_frame_free(&f);
    }
    compose_canvas_finish(&once);
    if (f) {
        av_frame_free(&e->preview_frame);
        e->preview_frame = f;
    }
}
