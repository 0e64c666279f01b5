// SPDX-License-Identifier: Apache-2.0
#include "protocol/http/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/sha.h>
#include <zlib.h>

#include "base/buf.h"
#include "exchange_impl.h"
#include "mime.h"

#define FILES_MAX 2000
#define FILE_MAX_BYTES (16u << 20)
#define TOTAL_MAX_BYTES (128u << 20)
#define DEPTH_MAX 8
#define NAME_MAX_BYTES 512
#define GZIP_MIN_BYTES 256
#define ETAG_TEXT 40

struct file {
    char *name;           // owned; relative to the folder
    const char *type;     // static
    struct bc_buf *plain; // owned
    struct bc_buf *gzip;  // owned; NULL when it doesn't pay
    char etag[ETAG_TEXT]; // quoted; the gzip form's has a "-gz" inside the quotes
    bool immutable;       // its name has a hash: it never changes
};

struct bc_http_files {
    struct file *list; // owned, sorted by name
    size_t count;
    size_t cap;
    size_t total_bytes;
};

// --- loading ---

struct loader {
    struct bc_http_files *files;
    char *error;
    size_t error_len;
};

static int
fail(struct loader *l, const char *name, const char *what)
{
    snprintf(l->error, l->error_len, "%s: %s", name, what);
    return -1;
}

static struct bc_buf *
read_whole(int fd, size_t len)
{
    struct bc_buf *buf = bc_buf_create(len);
    size_t got = 0;
    while (buf && got < len) {
        ssize_t n = read(fd, buf->data + got, len - got);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            bc_buf_unref(&buf);
            break;
        }
        got += (size_t)n;
    }
    return buf;
}

static struct bc_buf *
make_gzip(const struct bc_buf *plain)
{
    z_stream z = { 0 };
    // 15 + 16: the largest window, in gzip's format.
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY)
        != Z_OK) {
        return NULL;
    }
    size_t cap = deflateBound(&z, plain->len);
    uint8_t *out = malloc(cap);
    struct bc_buf *buf = NULL;
    z.next_in = (uint8_t *)plain->data;
    z.avail_in = (uInt)plain->len;
    z.next_out = out;
    z.avail_out = (uInt)cap;
    if (out && deflate(&z, Z_FINISH) == Z_STREAM_END
        && z.total_out < plain->len * 9 / 10) {
        buf = bc_buf_copy(out, z.total_out);
    }
    deflateEnd(&z);
    free(out);
    return buf;
}

static void
make_etag(const struct bc_buf *plain, char out[ETAG_TEXT])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(plain->data, plain->len, digest);
    out[0] = '"';
    for (int i = 0; i < 12; i++) {
        snprintf(out + 1 + 2 * i, 3, "%02x", digest[i]);
    }
    memcpy(out + 25, "\"", 2);
}

// Vite and its like put a hash into names: "watch-DF2a81Bc.js", eight or more characters
// of letters, digits, '-' and '_' with at least one digit or capital among them.
static bool
has_hash(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    const char *dot = strchr(base, '.');
    const char *dash = memchr(base, '-', dot ? (size_t)(dot - base) : 0);
    if (!dash || dot - dash < 9 || !strstr(name, "assets/")) {
        return false;
    }
    for (const char *p = dot - 8; p < dot; p++) {
        if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z')) {
            return true;
        }
    }
    return false;
}

static struct file *
add_slot(struct bc_http_files *files)
{
    if (files->count == files->cap) {
        size_t cap = files->cap ? 2 * files->cap : 32;
        struct file *list = realloc(files->list, cap * sizeof(*list));
        if (!list) {
            return NULL;
        }
        files->list = list;
        files->cap = cap;
    }
    struct file *f = &files->list[files->count];
    *f = (struct file){ 0 };
    return f;
}

static int
load_file(struct loader *l, int fd, const char *name, size_t len)
{
    struct bc_http_files *files = l->files;
    if (len > FILE_MAX_BYTES || files->total_bytes + len > TOTAL_MAX_BYTES
        || files->count >= FILES_MAX) {
        return fail(l, name, "too much to serve from memory");
    }
    struct file *f = add_slot(files);
    if (!f) {
        return fail(l, name, "no memory");
    }
    files->count++; // from here on bc_http_files_destroy() frees it
    f->name = strdup(name);
    f->plain = read_whole(fd, len);
    if (!f->name || !f->plain) {
        return fail(l, name, "cannot be read");
    }
    bool compressible;
    f->type = bc_http_mime_type(name, &compressible);
    if (compressible && len >= GZIP_MIN_BYTES) {
        f->gzip = make_gzip(f->plain);
    }
    make_etag(f->plain, f->etag);
    f->immutable = has_hash(name);
    files->total_bytes += len;
    return 0;
}

static int
load_folder(struct loader *l, int fd, const char *prefix, int depth);

// Opens without following a link, so nothing outside of the folder is ever read.
static int
load_entry(struct loader *l, int folder, const char *prefix, const char *entry, int depth)
{
    char name[NAME_MAX_BYTES];
    if (snprintf(name, sizeof(name), "%s%s", prefix, entry) >= (int)sizeof(name) - 1) {
        return fail(l, entry, "the name is too long");
    }
    int fd = openat(folder, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ELOOP ? 0 : fail(l, name, strerror(errno));
    }
    struct stat st;
    int ret = 0;
    if (fstat(fd, &st) != 0) {
        ret = fail(l, name, strerror(errno));
    } else if (S_ISREG(st.st_mode)) {
        ret = load_file(l, fd, name, (size_t)st.st_size);
    } else if (S_ISDIR(st.st_mode)) {
        if (depth >= DEPTH_MAX) {
            ret = fail(l, name, "too many folders inside each other");
        } else {
            strcat(name, "/");
            return load_folder(l, fd, name, depth + 1);
        }
    }
    close(fd);
    return ret;
}

// Takes over `fd`.
static int
load_folder(struct loader *l, int fd, const char *prefix, int depth)
{
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return fail(l, prefix, strerror(errno));
    }
    int ret = 0;
    struct dirent *e;
    while (ret == 0 && (e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.') {
            ret = load_entry(l, fd, prefix, e->d_name, depth);
        }
    }
    closedir(dir);
    return ret;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

struct bc_http_files *
bc_http_files_load(const char *folder, char *error, size_t error_len)
{
    struct loader l = { calloc(1, sizeof(struct bc_http_files)), error, error_len };
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!l.files || fd < 0) {
        fail(&l, folder, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        free(l.files);
        return NULL;
    }
    if (load_folder(&l, fd, "", 0) != 0) {
        bc_http_files_destroy(l.files);
        return NULL;
    }
    if (l.files->count > 0) {
        qsort(l.files->list, l.files->count, sizeof(struct file), compare_names);
    }
    return l.files;
}

void
bc_http_files_destroy(struct bc_http_files *files)
{
    if (!files) {
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        free(files->list[i].name);
        bc_buf_unref(&files->list[i].plain);
        bc_buf_unref(&files->list[i].gzip);
    }
    free(files->list);
    free(files);
}

// --- serving ---

static const struct file *
find(const struct bc_http_files *files, const char *name)
{
    struct file key = { .name = (char *)name };
    return files->count == 0
        ? NULL
        : bsearch(&key, files->list, files->count, sizeof(struct file), compare_names);
}

// If-None-Match (RFC 9110 13.1.2): "*", or a list that has the tag; W/ doesn't matter
// here.
static bool
is_unchanged(const struct bc_http_exchange *x, const char *etag)
{
    const char *list = bc_http_request_get(&x->req, BC_HTTP_FIELD_IF_NONE_MATCH);
    if (!list) {
        return false;
    }
    return strcmp(list, "*") == 0 || strstr(list, etag) != NULL;
}

bool
bc_http_files_respond(const struct bc_http_files *files, struct bc_http_exchange *x,
    const char *name)
{
    const struct file *f = find(files, name);
    if (!f || (x->req.method != BC_HTTP_GET && x->req.method != BC_HTTP_HEAD)) {
        return false;
    }
    // A range is cut from the plain bytes, so that it means the same for every client.
    bool ranged = bc_http_request_get(&x->req, BC_HTTP_FIELD_RANGE) != NULL;
    bool gzip = f->gzip && !ranged && bc_http_accepts_gzip(x);
    char etag[ETAG_TEXT];
    snprintf(etag, sizeof(etag), "%.*s%s", (int)strlen(f->etag) - 1, f->etag,
        gzip ? "-gz\"" : "\"");
    char headers[256];
    snprintf(headers, sizeof(headers), "ETag: %s\r\nCache-Control: %s\r\n%s%s", etag,
        f->immutable ? "public, max-age=31536000, immutable" : "no-cache",
        f->gzip ? "Vary: Accept-Encoding\r\n" : "",
        gzip ? "Content-Encoding: gzip\r\n" : "");
    bool unchanged = is_unchanged(x, etag);
    struct bc_buf *body = gzip ? f->gzip : f->plain;
    struct bc_http_response r = {
        .status = unchanged ? 304 : 200,
        .content_type = unchanged ? NULL : f->type,
        .headers = headers,
        .bufs = &body,
        .count = unchanged ? 0 : 1,
        .allow_range = !gzip,
    };
    bc_http_respond(x, &r);
    return true;
}
