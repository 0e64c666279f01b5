// SPDX-License-Identifier: Apache-2.0
#include "set.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/whole_file.h"
#include "base/writer.h"
#include "fields.h"

#define TEMPLATES_MAX 200
#define SUFFIX ".svg"

struct template
{
    char name[BC_CARD_NAME_MAX + 1];
    struct card_tree *tree; // owned
    struct bc_buf *source; // owned reference
};

// See card.h.
struct bc_card_set {
    atomic_uint refs;
    struct template templates[TEMPLATES_MAX]; // by name
    size_t count;
};

struct bc_card_set *
bc_card_set_ref(struct bc_card_set *set)
{
    atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
    return set;
}

void
bc_card_set_unref(struct bc_card_set **holder)
{
    struct bc_card_set *set = *holder;
    *holder = NULL;
    if (set && atomic_fetch_sub_explicit(&set->refs, 1, memory_order_acq_rel) == 1) {
        for (size_t i = 0; i < set->count; i++) {
            card_tree_destroy(set->templates[i].tree);
            bc_buf_unref(&set->templates[i].source);
        }
        free(set);
    }
}

// --- looking up ---

// Where it is, or belongs.
static size_t
place(const struct bc_card_set *set, const char *name, bool *found)
{
    size_t i = 0;
    while (i < set->count && strcmp(set->templates[i].name, name) < 0) {
        i++;
    }
    *found = i < set->count && strcmp(set->templates[i].name, name) == 0;
    return i;
}

const struct card_tree *
card_set_tree(const struct bc_card_set *set, const char *name)
{
    bool found;
    size_t i = place(set, name, &found);
    return found ? set->templates[i].tree : NULL;
}

bool
bc_card_set_find(const struct bc_card_set *set, const char *name, int *width, int *height)
{
    const struct card_tree *tree = card_set_tree(set, name);
    if (tree && width) {
        *width = (int)(tree->view[2] + 0.5);
    }
    if (tree && height) {
        *height = (int)(tree->view[3] + 0.5);
    }
    return tree;
}

struct bc_buf *
bc_card_set_source(const struct bc_card_set *set, const char *name)
{
    bool found;
    size_t i = place(set, name, &found);
    return found ? bc_buf_ref(set->templates[i].source) : NULL;
}

const char *
bc_card_set_name(const struct bc_card_set *set, size_t index)
{
    return index < set->count ? set->templates[index].name : NULL;
}

const char *
bc_card_set_choose(
    const struct bc_card_set *set, const char *kind, const char *data, size_t len)
{
    struct card_fields fields;
    bool found = false;
    size_t i = 0;
    if (card_fields_parse(&fields, data, len)) {
        const char *wanted = card_fields_raw(&fields, "template");
        if (wanted) {
            i = place(set, wanted, &found);
        }
        card_fields_finish(&fields);
    }
    if (!found) {
        i = place(set, kind, &found);
    }
    return found ? set->templates[i].name : NULL;
}

// --- adding ---

static bool
name_is_valid(const char *name)
{
    size_t len =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return len > 0 && len <= BC_CARD_NAME_MAX && name[len] == '\0';
}

bool
bc_card_set_add(struct bc_card_set *set, const char *name, const void *svg, size_t len,
    char why[BC_CARD_WHY])
{
    if (!name_is_valid(name)) {
        snprintf(
            why, BC_CARD_WHY, "a template's name is made of letters, digits, - and _");
        return false;
    }
    struct card_tree *tree =
        card_tree_parse(svg, len, BC_CARD_TEMPLATE_BYTES_MAX, CARD_ELEMENTS_MAX, why);
    if (!tree) {
        return false;
    }
    struct bc_buf *source = bc_buf_copy(svg, len);
    if (!source) {
        card_tree_destroy(tree);
        snprintf(why, BC_CARD_WHY, "no memory");
        return false;
    }
    bool found;
    size_t i = place(set, name, &found);
    if (found) {
        card_tree_destroy(set->templates[i].tree);
        bc_buf_unref(&set->templates[i].source);
    } else if (set->count == TEMPLATES_MAX) {
        snprintf(why, BC_CARD_WHY, "there are %d templates already", TEMPLATES_MAX);
        card_tree_destroy(tree);
        bc_buf_unref(&source);
        return false;
    } else {
        memmove(&set->templates[i + 1], &set->templates[i],
            (set->count - i) * sizeof(set->templates[0]));
        set->count++;
        snprintf(set->templates[i].name, sizeof(set->templates[i].name), "%s", name);
    }
    set->templates[i].tree = tree;
    set->templates[i].source = source;
    return true;
}

// --- the files of a folder ---

static void
add_problem(struct bc_writer *problems, const char *path, const char *why)
{
    if (problems) {
        bc_write_fmt(problems, "%s: %s\n", path, why);
    }
}

static void
add_file(struct bc_card_set *set, DIR *folder, const char *dir, const char *file,
    struct bc_writer *problems)
{
    char path[4096 + 300];
    char name[BC_CARD_NAME_MAX + 2];
    char why[BC_CARD_WHY];
    char *text;
    size_t len;
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    snprintf(name, sizeof(name), "%.*s", (int)(strlen(file) - strlen(SUFFIX)), file);
    int err =
        bc_whole_file_read(dirfd(folder), file, BC_CARD_TEMPLATE_BYTES_MAX, &text, &len);
    if (err != 0) {
        add_problem(problems, path,
            err == -EFBIG ? "it has more than 256 KiB" : "it cannot be read");
    } else if (!bc_card_set_add(set, name, text, len, why)) {
        add_problem(problems, path, why);
    }
    free(text);
}

static void
add_folder(struct bc_card_set *set, const char *dir, struct bc_writer *problems)
{
    DIR *folder = opendir(dir);
    if (!folder) {
        add_problem(problems, dir, "the folder of the cards cannot be read");
        return;
    }
    for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
        size_t len = strlen(e->d_name);
        if (e->d_name[0] != '.' && len > strlen(SUFFIX)
            && strcmp(e->d_name + len - strlen(SUFFIX), SUFFIX) == 0) {
            add_file(set, folder, dir, e->d_name, problems);
        }
    }
    closedir(folder);
}

struct bc_card_set *
bc_card_set_load(const char *dir, struct bc_writer *problems)
{
    struct bc_card_set *set = calloc(1, sizeof(*set));
    if (!set) {
        return NULL;
    }
    atomic_init(&set->refs, 1);
    for (const struct card_builtin *b = CARD_BUILTINS; b->name; b++) {
        char why[BC_CARD_WHY];
        if (!bc_card_set_add(set, b->name, b->svg, b->len, why)) {
            add_problem(problems, b->name, why);
        }
    }
    if (dir && *dir) {
        add_folder(set, dir, problems);
    }
    return set;
}
