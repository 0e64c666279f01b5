// SPDX-License-Identifier: Apache-2.0
#include "access/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/writer.h"
#include "config/config.h"
#include "secret_file.h"

#define ADMIN_FILE "admin_token"
#define PUBLISH_FILE "publish_key"

struct bc_keys {
    char admin_token[BC_SECRET_TEXT];
    char publish_key[BC_SECRET_TEXT];
    char compose_token[BC_SECRET_TEXT]; // in no file
    bool is_new;
    uint8_t salt[32]; // of publisher ids, for this run only
};

static void
explain(struct bc_writer *error, const char *data_dir, const char *what, int ret)
{
    if (!error) {
        return;
    }
    const char *reason = ret == -EPERM ? "belongs to another user"
        : ret == -EINVAL ? "does not hold a key; delete it to have a new one made"
        : ret == -ELOOP  ? "is a symbolic link, which is not followed"
                         : strerror(-ret);
    bc_write_fmt(error, "%s%s: %s\n", data_dir, what, reason);
}

static int
open_files(struct bc_keys *keys, const char *data_dir, struct bc_writer *error)
{
    const char *what = "";
    int dir = bc_secret_dir_open(data_dir, &what);
    int ret = dir < 0 ? dir : 0;
    if (ret == 0) {
        what = "/keys/" ADMIN_FILE;
        ret = bc_secret_file_open(dir, ADMIN_FILE, keys->admin_token, &keys->is_new);
    }
    if (ret == 0) {
        what = "/keys/" PUBLISH_FILE;
        ret = bc_secret_file_open(dir, PUBLISH_FILE, keys->publish_key, &keys->is_new);
    }
    if (dir >= 0) {
        close(dir);
    }
    if (ret != 0) {
        explain(error, data_dir, what, ret);
    }
    return ret;
}

int
bc_keys_open(const char *data_dir, struct bc_keys **out, struct bc_writer *error)
{
    struct bc_keys *keys = calloc(1, sizeof(*keys));
    if (!keys) {
        return -ENOMEM;
    }
    int ret = open_files(keys, data_dir, error);
    if (ret == 0) {
        ret = bc_secret_random(keys->salt, sizeof(keys->salt));
    }
    if (ret == 0) {
        ret = bc_secret_create(keys->compose_token);
    }
    if (ret != 0) {
        bc_keys_close(&keys);
        return ret;
    }
    *out = keys;
    return 0;
}

void
bc_keys_close(struct bc_keys **holder)
{
    struct bc_keys *keys = *holder;
    *holder = NULL;
    if (keys) {
        bc_secret_wipe(keys, sizeof(*keys));
        free(keys);
    }
}

bool
bc_keys_is_new(const struct bc_keys *keys)
{
    return keys->is_new;
}

const char *
bc_keys_admin_token(const struct bc_keys *keys)
{
    return keys->admin_token;
}

const char *
bc_keys_publish_key(const struct bc_keys *keys)
{
    return keys->publish_key;
}

bool
bc_keys_publish_check(const struct bc_keys *keys, const struct bc_config *cfg,
    const char *channel, const char *key)
{
    const struct bc_config_channel *own = bc_config_channel(cfg, channel);
    if (own && own->publish_key[0]) {
        return bc_secret_equal(own->publish_key, key);
    }
    if (cfg->access.publish == BC_ACCESS_OPEN) {
        return true;
    }
    const char *global = cfg->access.publish_key;
    return bc_secret_equal(global[0] ? global : keys->publish_key, key);
}

uint64_t
bc_keys_publish_id(const struct bc_keys *keys, const char *key)
{
    struct bc_digest inner = { { 0 } };
    struct bc_digest outer = { { 0 } };
    uint8_t salted[sizeof(keys->salt) + sizeof(inner.bytes)];
    bc_digest_init(&inner, key ? key : "", key ? strlen(key) : 0);
    memcpy(salted, keys->salt, sizeof(keys->salt));
    memcpy(salted + sizeof(keys->salt), inner.bytes, sizeof(inner.bytes));
    bc_digest_init(&outer, salted, sizeof(salted));
    uint64_t id;
    memcpy(&id, outer.bytes, sizeof(id));
    return id ? id : 1;
}

bool
bc_keys_play_check(const struct bc_keys *keys, const struct bc_config *cfg,
    const char *channel, const char *key)
{
    (void)channel;
    return cfg->access.play == BC_ACCESS_OPEN
        || bc_secret_equal(cfg->access.play_key, key) || bc_keys_compose_check(keys, key);
}

const char *
bc_keys_compose_token(const struct bc_keys *keys)
{
    return keys->compose_token;
}

bool
bc_keys_compose_check(const struct bc_keys *keys, const char *token)
{
    return keys && bc_secret_equal(keys->compose_token, token);
}

bool
bc_keys_api_check(const struct bc_keys *keys, const char *token)
{
    return bc_secret_equal(keys->admin_token, token);
}
