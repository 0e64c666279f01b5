// SPDX-License-Identifier: Apache-2.0
#include "card/cards.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/writer.h"
#include "card/pictures.h"
#include "net/disk.h"

#define KEPT_MAX 128
#define KEPT_BYTES_MAX ((size_t)32 << 20)
#define KIND_MAX 16

// A card that was filled.
struct kept {
    char kind[KIND_MAX];
    struct bc_buf *data; // owned reference
    struct bc_buf *svg; // the same; NULL: the place is free
    uint64_t used; // the larger, the later
};

// See card/cards.h.
struct bc_cards {
    struct bc_disk *disk; // borrowed
    struct bc_card_pictures pictures;
    pthread_mutex_t lock; // guards the rest; held for a look-up
    struct bc_card_set *set;
    struct kept kept[KEPT_MAX];
    size_t kept_bytes;
    uint64_t uses;
    uint64_t generation; // of templates and pictures: an older card is not kept
};

// See card/cards.h. First with its worker, then with a thread of the disk, then with its worker
// again, which frees it.
struct bc_card_order {
    struct bc_task task;
    struct bc_cards *cards;
    struct bc_worker *worker;
    void (*done)(void *user, struct bc_buf *svg, const char *why); // NULL: nobody waits
    void *user;
    char kind[KIND_MAX];
    struct bc_buf *data;
    struct bc_buf *svg;
    char why[BC_CARD_WHY];
};

// --- what is kept; with the lock ---

static void
drop(struct bc_cards *cards, struct kept *k)
{
    cards->kept_bytes -= k->svg->len;
    bc_buf_unref(&k->svg);
    bc_buf_unref(&k->data);
}

static void
drop_all(struct bc_cards *cards)
{
    cards->generation++;
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (cards->kept[i].svg) {
            drop(cards, &cards->kept[i]);
        }
    }
}

static struct kept *
find(struct bc_cards *cards, const char *kind, const void *data, size_t len)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        struct kept *k = &cards->kept[i];
        if (k->svg && k->data->len == len && strcmp(k->kind, kind) == 0
            && memcmp(k->data->data, data, len) == 0) {
            return k;
        }
    }
    return NULL;
}

// A free place, or that of what nobody has asked for the longest.
static struct kept *
make_room(struct bc_cards *cards, size_t bytes)
{
    for (;;) {
        struct kept *oldest = NULL;
        struct kept *free_place = NULL;
        for (size_t i = 0; i < KEPT_MAX; i++) {
            struct kept *k = &cards->kept[i];
            if (!k->svg) {
                free_place = k;
            } else if (!oldest || k->used < oldest->used) {
                oldest = k;
            }
        }
        if (free_place && cards->kept_bytes + bytes <= KEPT_BYTES_MAX) {
            return free_place;
        }
        drop(cards, oldest);
    }
}

static void
keep(struct bc_cards *cards, const char *kind, struct bc_buf *data, struct bc_buf *svg,
    uint64_t generation)
{
    pthread_mutex_lock(&cards->lock);
    if (generation == cards->generation && !find(cards, kind, data->data, data->len)) {
        struct kept *k = make_room(cards, svg->len);
        snprintf(k->kind, sizeof(k->kind), "%s", kind);
        k->data = bc_buf_ref(data);
        k->svg = bc_buf_ref(svg);
        k->used = ++cards->uses;
        cards->kept_bytes += svg->len;
    }
    pthread_mutex_unlock(&cards->lock);
}

struct bc_buf *
bc_cards_peek(struct bc_cards *cards, const char *kind, const char *data, size_t len)
{
    pthread_mutex_lock(&cards->lock);
    struct kept *k = find(cards, kind, data, len);
    struct bc_buf *svg = k ? bc_buf_ref(k->svg) : NULL;
    if (k) {
        k->used = ++cards->uses;
    }
    pthread_mutex_unlock(&cards->lock);
    return svg;
}

// --- templates ---

static struct bc_buf *
load_picture(void *user, const char *id)
{
    return bc_picture_store_read_small(user, id);
}

static struct bc_card_set *
load_set(const char *dir)
{
    struct bc_writer problems = { 0 };
    struct bc_card_set *set = bc_card_set_load(dir, &problems);
    bc_write_u8(&problems, 0);
    char *save = NULL;
    for (char *line = problems.failed ? NULL
                                      : strtok_r((char *)problems.data, "\n", &save);
         line; line = strtok_r(NULL, "\n", &save)) {
        bc_warn(NULL, "%s", line);
    }
    bc_writer_finish(&problems);
    return set;
}

struct bc_cards *
bc_cards_create(const char *dir, struct bc_picture_store *pictures, struct bc_disk *disk)
{
    struct bc_cards *cards = calloc(1, sizeof(*cards));
    if (!cards) {
        return NULL;
    }
    pthread_mutex_init(&cards->lock, NULL);
    cards->disk = disk;
    cards->pictures = (struct bc_card_pictures){ load_picture, pictures };
    cards->set = load_set(dir);
    if (!cards->set) {
        bc_cards_destroy(cards);
        return NULL;
    }
    return cards;
}

void
bc_cards_destroy(struct bc_cards *cards)
{
    if (cards) {
        drop_all(cards);
        bc_card_set_unref(&cards->set);
        pthread_mutex_destroy(&cards->lock);
        free(cards);
    }
}

void
bc_cards_reload(struct bc_cards *cards, const char *dir)
{
    struct bc_card_set *set = load_set(dir);
    if (set) {
        pthread_mutex_lock(&cards->lock);
        struct bc_card_set *old = cards->set;
        cards->set = set;
        drop_all(cards);
        pthread_mutex_unlock(&cards->lock);
        bc_card_set_unref(&old);
    }
}

void
bc_cards_forget(struct bc_cards *cards)
{
    pthread_mutex_lock(&cards->lock);
    drop_all(cards);
    pthread_mutex_unlock(&cards->lock);
}

struct bc_card_set *
bc_cards_set(struct bc_cards *cards)
{
    pthread_mutex_lock(&cards->lock);
    struct bc_card_set *set = bc_card_set_ref(cards->set);
    pthread_mutex_unlock(&cards->lock);
    return set;
}

// --- filling ---

// On the worker.
static void
on_filled(struct bc_task *task, struct bc_worker *worker)
{
    struct bc_card_order *o = bc_container_of(task, struct bc_card_order, task);
    (void)worker;
    if (o->done) {
        o->done(o->user, o->svg, o->why);
    }
    bc_buf_unref(&o->svg);
    bc_buf_unref(&o->data);
    free(o);
}

// Orders for the same card that came meanwhile find it kept.
struct bc_buf *
bc_cards_fill(struct bc_cards *cards, const char *kind, const char *data, size_t len,
    char why[BC_CARD_WHY])
{
    struct bc_buf *svg = bc_cards_peek(cards, kind, data, len);
    if (svg) {
        return svg;
    }
    pthread_mutex_lock(&cards->lock);
    uint64_t generation = cards->generation;
    struct bc_card_set *set = bc_card_set_ref(cards->set);
    pthread_mutex_unlock(&cards->lock);
    const char *name = bc_card_set_choose(set, kind, data, len);
    svg = bc_card_fill(set, name ? name : kind, data, len, &cards->pictures, why);
    bc_card_set_unref(&set);
    struct bc_buf *copy = svg ? bc_buf_copy(data, len) : NULL;
    if (copy && strlen(kind) < KIND_MAX) {
        keep(cards, kind, copy, svg, generation);
    }
    bc_buf_unref(&copy);
    return svg;
}

// On a thread of the disk's.
static void
on_turn(struct bc_task *task, struct bc_worker *worker)
{
    struct bc_card_order *o = bc_container_of(task, struct bc_card_order, task);
    (void)worker;
    o->svg = bc_cards_fill(
        o->cards, o->kind, (const char *)o->data->data, o->data->len, o->why);
    o->task.run = on_filled;
    bc_worker_post(o->worker, &o->task);
}

struct bc_card_order *
bc_cards_ask(struct bc_cards *cards, const char *kind, const char *data, size_t len,
    struct bc_worker *worker,
    void (*done)(void *user, struct bc_buf *svg, const char *why), void *user)
{
    struct bc_card_order *o = calloc(1, sizeof(*o));
    struct bc_buf *copy = o && strlen(kind) < KIND_MAX ? bc_buf_copy(data, len) : NULL;
    if (!copy) {
        free(o);
        return NULL;
    }
    o->task.run = on_turn;
    o->cards = cards;
    o->worker = worker;
    o->done = done;
    o->user = user;
    o->data = copy;
    memcpy(o->kind, kind, strlen(kind));
    bc_disk_post(cards->disk, &o->task);
    return o;
}

void
bc_card_order_cancel(struct bc_card_order *order)
{
    order->done = NULL;
}
