// SPDX-License-Identifier: Apache-2.0
// Uploaded pictures: their heads, decoding, and the folder that keeps them.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "card/pictures.h"
#include "kit.h"

// 40 x 20, the left half red, the right half blue; Exif orientation 6: meant turned to the right.
static const uint8_t TURNED[] = {
    0xff, 0xd8, 0xff, 0xe1, 0x00, 0x22, 0x45, 0x78, 0x69, 0x66, 0x00, 0x00, 0x4d, 0x4d,
    0x00, 0x2a, 0x00, 0x00, 0x00, 0x08, 0x00, 0x01, 0x01, 0x12, 0x00, 0x03, 0x00, 0x00,
    0x00, 0x01, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xe0, 0x00, 0x10,
    0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x02, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00,
    0xff, 0xfe, 0x00, 0x10, 0x4c, 0x61, 0x76, 0x63, 0x35, 0x39, 0x2e, 0x33, 0x37, 0x2e,
    0x31, 0x30, 0x30, 0x00, 0xff, 0xdb, 0x00, 0x43, 0x00, 0x08, 0x04, 0x04, 0x04, 0x04,
    0x04, 0x05, 0x05, 0x05, 0x05, 0x05, 0x05, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06,
    0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x07, 0x07, 0x07, 0x08, 0x08, 0x08, 0x07, 0x07,
    0x07, 0x06, 0x06, 0x07, 0x07, 0x08, 0x08, 0x08, 0x08, 0x09, 0x09, 0x09, 0x08, 0x08,
    0x08, 0x08, 0x09, 0x09, 0x0a, 0x0a, 0x0a, 0x0c, 0x0c, 0x0b, 0x0b, 0x0e, 0x0e, 0x0e,
    0x11, 0x11, 0x14, 0xff, 0xc4, 0x00, 0x59, 0x00, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x06, 0x01,
    0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x06, 0x08, 0x07, 0x10, 0x01, 0x00, 0x03, 0x01, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x44, 0xc3, 0x83, 0x11,
    0x00, 0x01, 0x05, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x37, 0x05, 0x07, 0x04, 0xb5, 0x85, 0x84, 0xff, 0xc0, 0x00, 0x11,
    0x08, 0x00, 0x14, 0x00, 0x28, 0x03, 0x01, 0x22, 0x00, 0x02, 0x11, 0x00, 0x03, 0x11,
    0x00, 0xff, 0xda, 0x00, 0x0c, 0x03, 0x01, 0x00, 0x02, 0x11, 0x03, 0x11, 0x00, 0x3f,
    0x00, 0xc5, 0x80, 0x28, 0x6f, 0xe4, 0x89, 0x55, 0x3e, 0xf9, 0xa3, 0xac, 0x4a, 0xa9,
    0xf7, 0xcd, 0x1d, 0x40, 0x42, 0x49, 0x8b, 0x0f, 0x47, 0x4a, 0xd9, 0x88, 0xcb, 0xca,
    0x23, 0xd7, 0x83, 0x3e, 0xb0, 0x00, 0xa8, 0x34, 0x6b, 0xc0, 0x4a, 0xa5, 0x26, 0x48,
    0x95, 0x53, 0xef, 0x9a, 0x3a, 0xc4, 0xaa, 0x9f, 0x7c, 0xd1, 0xd4, 0x04, 0x24, 0x98,
    0xb0, 0xf4, 0x74, 0xad, 0x98, 0x8c, 0xbc, 0xa2, 0x3d, 0x78, 0x33, 0xeb, 0x00, 0x0a,
    0x83, 0x47, 0xff, 0xd9
};

static void
check_head(const void *data, size_t len, const char *type, int width, int height)
{
    struct bc_picture_head head;
    char why[BC_CARD_WHY] = "";
    assert_true(bc_picture_head_read(data, len, &head, why));
    assert_string_equal(head.type, type);
    assert_int_equal(head.width, width);
    assert_int_equal(head.height, height);
}

static void
test_heads_tell_kind_and_size(void **state)
{
    (void)state;
    check_head("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x10\0\0\0\0\1", 24, "image/png", 4096, 1);
    check_head(TURNED, sizeof(TURNED), "image/jpeg", 40, 20);
    check_head("RIFF....WEBPVP8 ....\0\0\0\x9d\1\x2a\x20\x03\x58\x42", 30, "image/webp", 800, 600);
    check_head("RIFF....WEBPVP8L....\x2f\x0f\xc0\x02\0\0\0\0\0\0", 30, "image/webp", 16, 12);
    check_head("RIFF....WEBPVP8X....\0\0\0\0\x0f\0\0\x0b\0\0", 30, "image/webp", 16, 12);
}

static void
test_what_is_no_picture_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t len;
        const char *reason;
    } CASES[] = {
        { "", 0, "neither PNG nor JPEG nor WebP" },
        { "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>", 58, "neither" },
        { "GIF89a\1\0\1\0\0\0\0;....................", 34, "neither" },
        // 65536 x 65536: 16 GiB of pixels in a few bytes
        { "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0", 24, "65536 x 65536" },
        { "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x10\1\0\0\0\1", 24, "4097 x 1" },
        { "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\1", 24, "0 x 1" },
        { "\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0", 15, "65535 x 65535" },
        { "\xff\xd8\xff\xd9", 4, "0 x 0" },
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct bc_picture_head head;
        char why[BC_CARD_WHY] = "";
        assert_false(bc_picture_head_read(CASES[i].data, CASES[i].len, &head, why));
        if (!strstr(why, CASES[i].reason)) {
            fail_msg("'%s' instead of '%s'", why, CASES[i].reason);
        }
        assert_null(bc_picture_load(CASES[i].data, CASES[i].len, 0, why));
    }
    char why[BC_CARD_WHY];
    uint8_t *large = calloc(1, BC_PICTURE_BYTES_MAX + 1);
    memcpy(large, TURNED, sizeof(TURNED));
    assert_null(bc_picture_load(large, BC_PICTURE_BYTES_MAX + 1, 0, why));
    assert_non_null(strstr(why, "more than 8 MiB"));
    free(large);
}

static void
test_every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(TURNED); len++) {
        char why[BC_CARD_WHY] = "";
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, TURNED, len);
        assert_null(bc_picture_load(copy, len, 0, why));
        assert_true(why[0]);
        free(copy);
    }
}

static bool
is_red(uint32_t pixel)
{
    return (pixel >> 16 & 0xff) > 200 && (pixel & 0xff) < 60;
}

static void
test_pictures_are_turned_and_scaled(void **state)
{
    (void)state;
    char why[BC_CARD_WHY];
    struct bc_card_image *image = bc_picture_load(TURNED, sizeof(TURNED), 0, why);
    assert_non_null(image);
    assert_int_equal(image->width, 20);
    assert_int_equal(image->height, 40);
    assert_true(is_red(kit_pixel(image, 10, 3)));
    assert_false(is_red(kit_pixel(image, 10, 36)));
    assert_int_equal(kit_pixel(image, 10, 36) >> 24, 255);
    bc_card_image_unref(&image);
    image = bc_picture_load(TURNED, sizeof(TURNED), 10, why);
    assert_int_equal(image->width, 5);
    assert_int_equal(image->height, 10);
    bc_card_image_unref(&image);
    struct bc_buf *small = bc_picture_for_cards(TURNED, sizeof(TURNED), why);
    assert_non_null(small);
    check_head(small->data, small->len, "image/jpeg", 20, 40); // as it is meant
    bc_buf_unref(&small);
}

static void
test_transparent_pictures_stay_so(void **state)
{
    (void)state;
    char why[BC_CARD_WHY];
    struct bc_card_image *drawn
        = kit_draw(SVG("<rect width='50' height='50' fill='#ff0000' fill-opacity='0.5'/>"),
            "{}", 200, 100);
    struct bc_buf *png = bc_card_image_png(drawn);
    struct bc_card_image *again = bc_picture_load(png->data, png->len, 0, why);
    assert_non_null(again);
    assert_int_equal(again->box.width, drawn->box.width);
    assert_int_equal(kit_pixel(again, 10, 10), kit_pixel(drawn, 10, 10));
    assert_int_equal(kit_pixel(again, 100, 10), 0);
    struct bc_buf *small = bc_picture_for_cards(png->data, png->len, why);
    check_head(small->data, small->len, "image/png", 200, 100);
    bc_buf_unref(&small);
    bc_buf_unref(&png);
    bc_card_image_unref(&again);
    bc_card_image_unref(&drawn);
}

// --- the folder ---

static void
make_path(char out[200], const char *dir, const char *name)
{
    snprintf(out, 200, "%s/pictures/%s", dir, name);
}

static void
test_pictures_are_kept(void **state)
{
    (void)state;
    char dir[] = "/tmp/branchcast-pictures-XXXXXX";
    char path[200];
    char why[BC_CARD_WHY];
    struct bc_picture_info info;
    struct bc_picture_info all[BC_PICTURES_MAX];
    assert_non_null(mkdtemp(dir));
    struct bc_picture_store *store = bc_picture_store_open(dir);
    assert_int_equal(bc_picture_store_list(store, all), 0);
    assert_int_equal(bc_picture_store_add(store, "<svg/>", 6, &info, why), -EINVAL);
    assert_int_equal(
        bc_picture_store_add(store, TURNED, sizeof(TURNED) - 9, &info, why), -EINVAL);
    assert_int_equal(bc_picture_store_add(store, TURNED, sizeof(TURNED), &info, why), 0);
    assert_true(bc_picture_id_is_valid(info.id));
    char id[BC_PICTURE_ID + 1];
    memcpy(id, info.id, sizeof(id));
    assert_int_equal(bc_picture_store_add(store, TURNED, sizeof(TURNED), &info, why), 0);
    assert_string_equal(info.id, id);
    assert_int_equal(bc_picture_store_list(store, all), 1);
    bc_picture_store_close(store);

    make_path(path, dir, "0123456789abcdef"); // not by us
    FILE *file = fopen(path, "w");
    fputs("nonsense", file);
    fclose(file);
    store = bc_picture_store_open(dir);
    assert_int_equal(bc_picture_store_list(store, all), 1);
    assert_string_equal(all[0].type, "image/jpeg");
    assert_int_equal(all[0].bytes, sizeof(TURNED));
    assert_true(all[0].added_wall_us > 0);
    struct bc_buf *bytes = bc_picture_store_read(store, id);
    assert_int_equal(bytes->len, sizeof(TURNED));
    assert_memory_equal(bytes->data, TURNED, sizeof(TURNED));
    bc_buf_unref(&bytes);
    bytes = bc_picture_store_read_small(store, id);
    check_head(bytes->data, bytes->len, "image/jpeg", 20, 40);
    bc_buf_unref(&bytes);
    static const char *const WRONG[]
        = { "", "..", "../keys", "0123456789ABCDEF", "0123456789abcdef0", "0123456789abcde" };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_false(bc_picture_id_is_valid(WRONG[i]));
        assert_null(bc_picture_store_read(store, WRONG[i]));
        assert_false(bc_picture_store_remove(store, WRONG[i]));
    }
    assert_true(bc_picture_store_remove(store, id));
    assert_false(bc_picture_store_remove(store, id));
    assert_null(bc_picture_store_read(store, id));
    assert_int_equal(bc_picture_store_list(store, all), 0);
    bc_picture_store_close(store);
    assert_int_equal(unlink(path), 0);
    make_path(path, dir, "");
    assert_int_equal(rmdir(path), 0); // nothing is left behind
    assert_int_equal(rmdir(dir), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_tell_kind_and_size),
        cmocka_unit_test(test_what_is_no_picture_is_refused),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_pictures_are_turned_and_scaled),
        cmocka_unit_test(test_transparent_pictures_stay_so),
        cmocka_unit_test(test_pictures_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
