// SPDX-License-Identifier: Apache-2.0
#include "command/card.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "card/card.h"

#define EXIT_USAGE 2
#define SUFFIX ".svg"

static const char HELP[] =
    "usage: branchcast card TEMPLATE [options] -o OUT.png|OUT.svg\n"
    "\n"
    "Fills a card and draws it as the server does. docs/cards.md tells how templates are "
    "made.\n"
    "\n"
    "  TEMPLATE             a name (product, product-wide, coupon, draw, text) or a "
    "file\n"
    "  -f, --field NAME=TEXT  a field, as often as needed\n"
    "  -p, --picture FILE   the field \"picture\": a PNG, JPEG or WebP\n"
    "  -d, --dir DIR        more templates, as cards.dir\n"
    "  -w, --width N        of OUT.png, in pixels; the template's own without\n"
    "  -o, --output FILE\n"
    "  -h, --help\n"
    "\n"
    "  branchcast card product -f title=咖啡 -f price=89 -f old_price=129 -o card.png\n"
    "\n"
    "Exit code 0: done; 1: refused, and why is told.\n";

// What the command line said; lives on the stack of bc_card_command().
struct order {
    const char *template;
    const char *output;
    const char *picture;
    const char *dir;
    int width;
    struct bc_writer data;
    bool help;
};

static void
write_quoted(struct bc_writer *w, const char *text, size_t len)
{
    bc_write_str(w, "\"");
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == '"' || text[i] == '\\') {
            bc_write_fmt(w, "\\u%04x", (unsigned)text[i]);
        } else {
            bc_write_u8(w, (uint8_t)text[i]);
        }
    }
    bc_write_str(w, "\"");
}

static bool
add_field(struct order *order, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals) {
        fprintf(stderr, "branchcast: --field wants NAME=TEXT, not '%s'\n", text);
        return false;
    }
    bc_write_str(&order->data, order->data.len > 1 ? "," : "");
    write_quoted(&order->data, text, (size_t)(equals - text));
    bc_write_str(&order->data, ":");
    write_quoted(&order->data, equals + 1, strlen(equals + 1));
    return true;
}

static bool
parse(int argc, char **argv, struct order *order)
{
    static const struct option OPTIONS[] = {
        { "field", required_argument, NULL, 'f' },
        { "picture", required_argument, NULL, 'p' },
        { "dir", required_argument, NULL, 'd' },
        { "width", required_argument, NULL, 'w' },
        { "output", required_argument, NULL, 'o' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    bool ok = true;
    int opt;
    bc_write_str(&order->data, "{");
    while (ok && (opt = getopt_long(argc, argv, "f:p:d:w:o:h", OPTIONS, NULL)) != -1) {
        ok = opt != '?';
        if (opt == 'f') {
            ok = add_field(order, optarg);
        } else if (opt == 'p') {
            order->picture = optarg;
            ok = add_field(order, "picture=file");
        } else if (opt == 'w') {
            order->width = atoi(optarg);
        }
        order->dir = opt == 'd' ? optarg : order->dir;
        order->output = opt == 'o' ? optarg : order->output;
        order->help = order->help || opt == 'h';
    }
    bc_write_str(&order->data, "}");
    order->template = optind < argc ? argv[optind] : NULL;
    return ok && (order->help || (optind + 1 == argc && order->output));
}

static struct bc_buf *
read_file(const char *path, size_t max)
{
    struct bc_writer w = { 0 };
    char bytes[16384];
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
    while (n > 0 && w.len <= max) {
        bc_write_bytes(&w, bytes, n);
        n = fread(bytes, 1, sizeof(bytes), file);
    }
    if (!file || ferror(file)) {
        perror(path);
    }
    struct bc_buf *buf = file && !ferror(file) ? bc_buf_from_writer(&w) : NULL;
    if (file) {
        fclose(file);
    }
    bc_writer_finish(&w);
    return buf;
}

static struct bc_buf *
load_picture(void *user, const char *id)
{
    const struct order *order = user;
    (void)id;
    char why[BC_CARD_WHY];
    struct bc_buf *bytes = read_file(order->picture, BC_PICTURE_BYTES_MAX);
    struct bc_buf *out =
        bytes ? bc_picture_for_cards(bytes->data, bytes->len, why) : NULL;
    if (bytes && !out) {
        fprintf(stderr, "%s: %s\n", order->picture, why);
    }
    bc_buf_unref(&bytes);
    return out;
}

static struct bc_card_set *
load_templates(struct order *order)
{
    struct bc_writer problems = { 0 };
    struct bc_card_set *set = bc_card_set_load(order->dir, &problems);
    fprintf(
        stderr, "%.*s", (int)problems.len, problems.data ? (char *)problems.data : "");
    bc_writer_finish(&problems);
    size_t len = strlen(order->template);
    if (set && len > strlen(SUFFIX)
        && strcmp(order->template + len - strlen(SUFFIX), SUFFIX) == 0) {
        char why[BC_CARD_WHY] = "it cannot be read";
        struct bc_buf *svg = read_file(order->template, BC_CARD_TEMPLATE_BYTES_MAX);
        if (!svg || !bc_card_set_add(set, "given", svg->data, svg->len, why)) {
            fprintf(stderr, "%s: %s\n", order->template, why);
            bc_card_set_unref(&set);
        }
        bc_buf_unref(&svg);
        order->template = "given";
    }
    return set;
}

static struct bc_buf *
draw(const struct order *order, const struct bc_card_set *set, struct bc_buf *svg,
    char why[BC_CARD_WHY])
{
    size_t len = strlen(order->output);
    int width = 1;
    int height = 1;
    if (len > strlen(SUFFIX)
        && strcmp(order->output + len - strlen(SUFFIX), SUFFIX) == 0) {
        return bc_buf_ref(svg);
    }
    (void)bc_card_set_find(set, order->template, &width, &height);
    if (order->width > 0 && order->width <= BC_CARD_SIDE_MAX) {
        height = (height * order->width + width / 2) / width;
        width = order->width;
    }
    struct bc_card_image *image = bc_card_draw(svg->data, svg->len, width, height, why);
    struct bc_buf *png = image ? bc_card_image_png(image) : NULL;
    bc_card_image_unref(&image);
    return png;
}

static bool
write_file(const char *path, const struct bc_buf *buf)
{
    FILE *file = fopen(path, "wb");
    bool ok = file && fwrite(buf->data, 1, buf->len, file) == buf->len;
    ok = file && fclose(file) == 0 && ok;
    if (!ok) {
        perror(path);
    }
    return ok;
}

static bool
make(struct order *order)
{
    char why[BC_CARD_WHY] = "no memory";
    struct bc_card_set *set = load_templates(order);
    const struct bc_card_pictures pictures = { load_picture, order };
    if (!set) {
        return false;
    }
    struct bc_buf *svg = order->data.failed
        ? NULL
        : bc_card_fill(set, order->template, (const char *)order->data.data,
            order->data.len, order->picture ? &pictures : NULL, why);
    struct bc_buf *out = svg ? draw(order, set, svg, why) : NULL;
    if (!out) {
        fprintf(stderr, "branchcast: %s: %s\n", order->template, why);
    }
    bool ok = out && write_file(order->output, out);
    bc_buf_unref(&out);
    bc_buf_unref(&svg);
    bc_card_set_unref(&set);
    return ok;
}

int
bc_card_command(int argc, char **argv)
{
    struct order order = { 0 };
    int code = EXIT_USAGE;
    if (!parse(argc, argv, &order)) {
        fputs(HELP, stderr);
    } else if (order.help) {
        fputs(HELP, stdout);
        code = EXIT_SUCCESS;
    } else {
        code = make(&order) ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    bc_writer_finish(&order.data);
    return code;
}
