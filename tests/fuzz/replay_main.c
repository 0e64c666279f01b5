// SPDX-License-Identifier: Apache-2.0
// Feeds files, or all files of folders, to a fuzz target: what a fuzzer found once stays
// tested.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int
replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return -1;
    }
    fseek(f, 0, SEEK_END);
    long len = ftell(f);
    rewind(f);
    // An exact-size block, so that the sanitizer sees one byte too far.
    uint8_t *data = malloc(len > 0 ? (size_t)len : 1);
    size_t n = data && len > 0 ? fread(data, 1, (size_t)len, f) : 0;
    fclose(f);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 0;
}

static int
replay_folder(const char *path, unsigned *count)
{
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        return -1;
    }
    int ret = 0;
    struct dirent *e;
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.') {
            continue;
        }
        char file[4096];
        snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
        ret |= replay_file(file);
        ++*count;
    }
    closedir(dir);
    return ret;
}

int
main(int argc, char **argv)
{
    unsigned count = 0;
    int ret = 0;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            ret |= replay_folder(argv[i], &count);
        } else {
            ret |= replay_file(argv[i]);
            count++;
        }
    }
    printf("%u inputs replayed\n", count);
    return ret != 0 || count == 0;
}
