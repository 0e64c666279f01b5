// SPDX-License-Identifier: Apache-2.0
#include "card/pictures.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/whole_file.h"

#define FOLDER "pictures"
#define SMALL ".card" // behind the id: as cards use it
#define US_PER_S 1000000

// See card/pictures.h. A picture is two files: ID and ID.card. The first one is written last
// and deleted first, so it tells that both are there.
struct bc_picture_store {
    char *dir; // owned
    pthread_mutex_t lock; // guards the table; held for a look-up
    pthread_mutex_t adding; // one at a time, so that the limits hold; held while writing
    struct bc_picture_info *table; // owned, the oldest first
    size_t count;
    int64_t bytes;
};

bool
bc_picture_id_is_valid(const char *id)
{
    return strspn(id, "0123456789abcdef") == BC_PICTURE_ID && id[BC_PICTURE_ID] == '\0';
}

// --- the table; with the lock ---

static size_t
find(const struct bc_picture_store *s, const char *id)
{
    size_t i = 0;
    while (i < s->count && strcmp(s->table[i].id, id) != 0) {
        i++;
    }
    return i;
}

static void
append(struct bc_picture_store *s, const struct bc_picture_info *info)
{
    s->table[s->count++] = *info;
    s->bytes += info->bytes;
}

bool
bc_picture_store_get(
    struct bc_picture_store *s, const char *id, struct bc_picture_info *out)
{
    pthread_mutex_lock(&s->lock);
    size_t i = find(s, id);
    bool found = i < s->count;
    if (found) {
        *out = s->table[i];
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

size_t
bc_picture_store_list(struct bc_picture_store *s, struct bc_picture_info *out)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->count;
    for (size_t i = 0; i < count; i++) {
        out[i] = s->table[count - 1 - i];
    }
    pthread_mutex_unlock(&s->lock);
    return count;
}

// --- files ---

static int
open_folder(const struct bc_picture_store *s, bool create)
{
    int data = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data < 0) {
        return -1;
    }
    if (create) {
        (void)mkdirat(data, FOLDER, 0755);
    }
    int folder = openat(data, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    close(data);
    return folder;
}

static struct bc_buf *
read_file(struct bc_picture_store *s, const char *id, const char *suffix)
{
    char name[BC_PICTURE_ID + sizeof(SMALL)];
    char *bytes = NULL;
    size_t len = 0;
    int folder = bc_picture_id_is_valid(id) ? open_folder(s, false) : -1;
    if (folder < 0) {
        return NULL;
    }
    snprintf(name, sizeof(name), "%s%s", id, suffix);
    int err = bc_whole_file_read(folder, name, BC_PICTURE_BYTES_MAX, &bytes, &len);
    close(folder);
    struct bc_buf *buf = err == 0 ? bc_buf_copy(bytes, len) : NULL;
    free(bytes);
    return buf;
}

struct bc_buf *
bc_picture_store_read(struct bc_picture_store *s, const char *id)
{
    struct bc_picture_info info;
    return bc_picture_store_get(s, id, &info) ? read_file(s, id, "") : NULL;
}

struct bc_buf *
bc_picture_store_read_small(struct bc_picture_store *s, const char *id)
{
    struct bc_picture_info info;
    return bc_picture_store_get(s, id, &info) ? read_file(s, id, SMALL) : NULL;
}

// --- opening ---

static void
take_file(struct bc_picture_store *s, int folder, const char *name)
{
    struct bc_picture_info info = { 0 };
    struct bc_picture_head head;
    struct stat st;
    char why[BC_CARD_WHY];
    char *bytes = NULL;
    size_t len;
    if (!bc_picture_id_is_valid(name) || s->count == BC_PICTURES_MAX
        || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0
        || bc_whole_file_read(folder, name, BC_PICTURE_BYTES_MAX, &bytes, &len) != 0) {
        return;
    }
    if (bc_picture_head_read(bytes, len, &head, why)) {
        snprintf(info.id, sizeof(info.id), "%s", name);
        info.type = head.type;
        info.width = head.width;
        info.height = head.height;
        info.bytes = (int64_t)len;
        info.added_wall_us = (int64_t)st.st_mtime * US_PER_S;
        append(s, &info);
    } else {
        bc_warn(NULL, "%s/" FOLDER "/%s: left alone: %s", s->dir, name, why);
    }
    free(bytes);
}

static int
by_age(const void *a, const void *b)
{
    int64_t left = ((const struct bc_picture_info *)a)->added_wall_us;
    int64_t right = ((const struct bc_picture_info *)b)->added_wall_us;
    return left < right ? -1 : left > right;
}

static void
read_folder(struct bc_picture_store *s)
{
    int folder = open_folder(s, false);
    DIR *list = folder >= 0 ? fdopendir(folder) : NULL;
    if (!list) {
        return; // nobody has uploaded any
    }
    for (struct dirent *e = readdir(list); e; e = readdir(list)) {
        take_file(s, dirfd(list), e->d_name);
    }
    closedir(list);
    qsort(s->table, s->count, sizeof(*s->table), by_age);
}

struct bc_picture_store *
bc_picture_store_open(const char *data_dir)
{
    struct bc_picture_store *s = calloc(1, sizeof(*s));
    if (!s) {
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->adding, NULL);
    s->dir = strdup(data_dir);
    s->table = calloc(BC_PICTURES_MAX, sizeof(*s->table));
    if (!s->dir || !s->table) {
        bc_picture_store_close(s);
        return NULL;
    }
    read_folder(s);
    return s;
}

void
bc_picture_store_close(struct bc_picture_store *s)
{
    if (s) {
        pthread_mutex_destroy(&s->lock);
        pthread_mutex_destroy(&s->adding);
        free(s->table);
        free(s->dir);
        free(s);
    }
}

// --- adding and removing ---

static bool
make_id(const void *data, size_t len, char id[BC_PICTURE_ID + 1])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    if (EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    for (size_t i = 0; i < BC_PICTURE_ID / 2; i++) {
        snprintf(id + 2 * i, 3, "%02x", hash[i]);
    }
    return true;
}

static int
write_files(struct bc_picture_store *s, const char *id, const void *data, size_t len,
    const struct bc_buf *small)
{
    static const struct bc_whole_file_options OPTIONS = { .mode = 0644, .sync = true };
    char name[BC_PICTURE_ID + sizeof(SMALL)];
    int folder = open_folder(s, true);
    if (folder < 0) {
        return -errno;
    }
    snprintf(name, sizeof(name), "%s" SMALL, id);
    int err = bc_whole_file_replace(folder, name, small->data, small->len, &OPTIONS);
    if (err == 0) {
        err = bc_whole_file_replace(folder, id, data, len, &OPTIONS);
    }
    close(folder);
    return err;
}

// What is added now must fit; with `adding`.
static int
keep(struct bc_picture_store *s, const void *data, size_t len,
    struct bc_picture_info *info, const struct bc_buf *small, char why[BC_CARD_WHY])
{
    pthread_mutex_lock(&s->lock);
    bool full =
        s->count == BC_PICTURES_MAX || s->bytes + (int64_t)len > BC_PICTURES_BYTES_MAX;
    pthread_mutex_unlock(&s->lock);
    if (full) {
        snprintf(why, BC_CARD_WHY, "there are %d pictures or %d MiB already; delete some",
            BC_PICTURES_MAX, (int)(BC_PICTURES_BYTES_MAX >> 20));
        return -ENOSPC;
    }
    int err = write_files(s, info->id, data, len, small);
    if (err != 0) {
        snprintf(why, BC_CARD_WHY, "the picture cannot be written");
        bc_error(NULL, "%s/" FOLDER "/%s: %s", s->dir, info->id, strerror(-err));
        return err;
    }
    pthread_mutex_lock(&s->lock);
    append(s, info);
    pthread_mutex_unlock(&s->lock);
    return 0;
}

int
bc_picture_store_add(struct bc_picture_store *s, const void *data, size_t len,
    struct bc_picture_info *out, char why[BC_CARD_WHY])
{
    struct bc_picture_head head;
    *out = (struct bc_picture_info){ 0 };
    if (!bc_picture_head_read(data, len, &head, why)) {
        return -EINVAL;
    }
    if (!make_id(data, len, out->id)) {
        snprintf(why, BC_CARD_WHY, "no memory");
        return -ENOMEM;
    }
    pthread_mutex_lock(&s->adding);
    int err = 0;
    if (!bc_picture_store_get(s, out->id, out)) {
        struct bc_buf *small = bc_picture_for_cards(data, len, why);
        out->type = head.type;
        out->width = head.width;
        out->height = head.height;
        out->bytes = (int64_t)len;
        out->added_wall_us = bc_clock_wall_us();
        err = small ? keep(s, data, len, out, small, why) : -EINVAL;
        bc_buf_unref(&small);
    }
    pthread_mutex_unlock(&s->adding);
    return err;
}

bool
bc_picture_store_remove(struct bc_picture_store *s, const char *id)
{
    char name[BC_PICTURE_ID + sizeof(SMALL)];
    pthread_mutex_lock(&s->adding);
    pthread_mutex_lock(&s->lock);
    size_t i = find(s, id);
    bool found = i < s->count;
    if (found) {
        s->bytes -= s->table[i].bytes;
        s->count--;
        memmove(&s->table[i], &s->table[i + 1], (s->count - i) * sizeof(*s->table));
    }
    pthread_mutex_unlock(&s->lock);
    int folder = found ? open_folder(s, false) : -1;
    if (folder >= 0) {
        snprintf(name, sizeof(name), "%s" SMALL, id);
        (void)unlinkat(folder, id, 0);
        (void)unlinkat(folder, name, 0);
        close(folder);
    }
    pthread_mutex_unlock(&s->adding);
    return found;
}
