// SPDX-License-Identifier: Apache-2.0
// Files and lists of files.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input_demux.h"
#include "input_read.h"
#include "media_file.h"

#define SCHEME "file:"

static ssize_t
read_fd(void *user, uint8_t *out, size_t size)
{
    ssize_t n = read(*(const int *)user, out, size);
    return n < 0 ? -errno : n;
}

static int
seek_fd(void *user, int64_t to)
{
    return lseek(*(const int *)user, to, SEEK_SET) < 0 ? -errno : 0;
}

// One file. -errno of opening it, or of reading.
static int
run_one(const struct input_source *source, const char *path, int64_t start_at_us)
{
    struct input_net *net = source->net;
    int fd = media_file_open(source->media_dir, path);
    if (fd < 0) {
        snprintf(net->error, sizeof(net->error), "%.100s: %s", path, strerror(-fd));
        return fd;
    }
    struct stat st;
    struct input_bytes bytes = { .read = read_fd, .seek = seek_fd,
        .size = fstat(fd, &st) == 0 ? st.st_size : -1, .user = &fd };
    struct input_demux_params params = { .net = net, .sink = source->sink,
        .bytes = &bytes, .start_at_us = start_at_us };
    int ret = input_demux_run(&params);
    close(fd);
    return ret;
}

// A file that is broken is passed over, unless all are.
static int
run_list(const struct input_source *source, const struct media_playlist *list)
{
    int ret = -ENODATA;
    bool any = false;
    for (size_t i = 0; i < list->count; i++) {
        *source->began = false;
        ret = run_one(source, list->entries[i], i == 0 ? source->start_at_us : 0);
        if (input_net_is_stopped(source->net)) {
            return -ECANCELED;
        }
        any = any || ret == 0;
    }
    return any ? 0 : ret;
}

int
input_file_run(const struct input_source *source)
{
    const char *path = source->url + strlen(SCHEME);
    if (!media_file_is_playlist(path)) {
        return run_one(source, path, source->start_at_us);
    }
    struct media_playlist list;
    int ret = media_playlist_read(source->media_dir, path, &list);
    if (ret != 0) {
        snprintf(source->net->error, sizeof(source->net->error), "%.100s: %s", path,
            strerror(-ret));
        return ret;
    }
    ret = run_list(source, &list);
    media_playlist_finish(&list);
    return ret;
}
