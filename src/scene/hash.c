// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "scene/scene.h"

// A hash that cannot be made to collide: who shares a hash shares a picture.
bool
bc_scene_hash(const struct bc_scene *scene, char out[BC_SCENE_HASH_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct bc_buf *text = bc_scene_to_json(scene);
    bool ok =
        text && EVP_Digest(text->data, text->len, digest, NULL, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; ok && i < (BC_SCENE_HASH_TEXT - 1) / 2; i++) {
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
    bc_buf_unref(&text);
    return ok;
}
