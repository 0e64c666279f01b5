// SPDX-License-Identifier: Apache-2.0
// What a scene's text means, and what is said about texts that mean nothing.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "scene/scene.h"

static struct bc_scene *
parse(const char *text)
{
    struct bc_scene_error error = { "" };
    struct bc_scene *scene = bc_scene_parse(text, strlen(text), &error);
    if (!scene) {
        fail_msg("%s", error.text);
    }
    return scene;
}

static void
expect_error(const char *text, const char *expected)
{
    struct bc_scene_error error = { "" };
    struct bc_scene *scene = bc_scene_parse(text, strlen(text), &error);
    assert_null(scene);
    assert_string_equal(error.text, expected);
}

static void
expect_canonical(const char *text, const char *expected)
{
    struct bc_scene *scene = parse(text);
    struct bc_buf *json = bc_scene_to_json(scene);
    assert_int_equal(json->len, strlen(expected));
    assert_memory_equal(json->data, expected, json->len);
    bc_buf_unref(&json);
    bc_scene_unref(&scene);
}

static void
expect_number(double value, double expected)
{
    assert_true(value > expected - 1e-9 && value < expected + 1e-9);
}

#define HEAD "{\"layers\":["
#define CHANNEL "{\"type\":\"channel\",\"channel\":\"live/hq\""

static void
test_preset_becomes_layers(void **state)
{
    (void)state;
    struct bc_scene *scene = parse(
        "{\"preset\":\"pip-bottom-right\",\"inputs\":[\"live/hq\",\"store/0571\"]}");
    assert_int_equal(scene->width, 1280);
    assert_int_equal(scene->height, 720);
    assert_int_equal(scene->fps, 30);
    assert_int_equal(scene->n_inputs, 2);
    assert_string_equal(scene->inputs[0], "live/hq");
    assert_int_equal(scene->n_layers, 2);
    const struct bc_scene_layer *pip = bc_scene_find(scene, "pip");
    assert_ptr_equal(pip, &scene->layers[1]);
    assert_string_equal(pip->channel, "store/0571");
    expect_number(pip->x, 0.69);
    expect_number(pip->y, 0.69);
    assert_true(pip->duck);
    assert_true(scene->layers[0].cues);
    assert_false(pip->cues);
    bc_scene_unref(&scene);
}

static void
test_every_preset_is_a_scene(void **state)
{
    (void)state;
    const char *const inputs[] = { "live/a", "live/b", "live/c" };
    for (size_t i = 0; bc_scene_preset(i); i++) {
        const struct bc_scene_preset *preset = bc_scene_preset(i);
        struct bc_scene *scene =
            bc_scene_from_preset(preset->name, inputs, preset->inputs, NULL);
        assert_non_null(scene);
        assert_int_equal(scene->n_inputs, preset->inputs);
        bc_scene_unref(&scene);
        struct bc_scene_error error;
        assert_null(
            bc_scene_from_preset(preset->name, inputs, preset->inputs - 1, &error));
        assert_non_null(strstr(error.text, "inputs: the preset "));
    }
    assert_null(bc_scene_preset(100));
}

static void
test_preset_layer_changes_by_id(void **state)
{
    (void)state;
    struct bc_scene *scene = parse("preset: pip-top-left\n"
                                   "inputs: [live/hq, store/0571]\n"
                                   "layers:\n"
                                   "  - {type: text, text: hello}\n"
                                   "  - {id: pip, x: 0.5, radius: 0.25, duck: false}\n");
    assert_int_equal(scene->n_layers, 3);
    assert_string_equal(scene->layers[1].id, "pip");
    expect_number(scene->layers[1].x, 0.5);
    expect_number(scene->layers[1].y, 0.03);
    expect_number(scene->layers[1].radius, 0.25);
    assert_false(scene->layers[1].duck);
    assert_string_equal(scene->layers[2].id, "text-1");
    bc_scene_unref(&scene);
}

static void
test_layers_are_sorted_by_height(void **state)
{
    (void)state;
    struct bc_scene *scene =
        parse(HEAD "{\"type\":\"text\",\"text\":\"a\",\"z\":2}," CHANNEL ",\"z\":-3},"
                   "{\"type\":\"text\",\"text\":\"b\",\"z\":2},{\"type\":\"clock\"}]}");
    assert_int_equal(scene->layers[0].type, BC_LAYER_CHANNEL);
    assert_int_equal(scene->layers[1].type, BC_LAYER_CLOCK);
    assert_string_equal(scene->layers[2].text, "a");
    assert_string_equal(scene->layers[3].text, "b");
    bc_scene_unref(&scene);
}

static void
test_every_field_is_read_and_written(void **state)
{
    (void)state;
    static const char TEXT[] =
        "{\"audio_kbps\":96,\"background\":\"#101010\",\"fps\":25,\"height\":1280,"
        "\"inputs\":[\"live/spare\",\"live/hq\"],\"layers\":["
        "{\"channel\":\"live/hq\",\"crop\":{\"b\":0.4,\"l\":0.1,\"r\":0.3,\"t\":0.2},"
        "\"cues\":false,\"duck\":true,\"enter\":{\"effect\":\"slide-up\",\"ms\":400},"
        "\"fit\":\"contain\",\"h\":0.5,\"id\":\"a\","
        "\"leave\":{\"effect\":\"fade\",\"ms\":100},\"opacity\":0.5,\"radius\":0.125,"
        "\"slate\":\"away.png\",\"type\":\"channel\",\"volume\":0.25,\"w\":0.5,"
        "\"x\":-0.5,\"y\":1.5,\"z\":-7},"
        "{\"id\":\"b\",\"picture\":\"a/logo.png\",\"type\":\"picture\"},"
        "{\"align\":\"right\",\"color\":\"#ff000080\",\"font_size\":0.1,\"id\":\"c\","
        "\"text\":\"中文\\n2\",\"type\":\"text\"},"
        "{\"data\":{\"price\":99.5,\"title\":\"T\"},\"id\":\"d\",\"template\":\"big\","
        "\"type\":\"card\"},"
        "{\"format\":\"%H:%M\",\"id\":\"e\",\"timezone\":\"Asia/Shanghai\","
        "\"type\":\"clock\"},"
        "{\"id\":\"f\",\"text\":\"https://a.example/\",\"type\":\"qr\"},"
        "{\"channel\":\"live/hq\",\"enter\":{\"effect\":\"none\"},\"id\":\"g\","
        "\"type\":\"cues\"}],"
        "\"renditions\":[{\"height\":640,\"video_kbps\":700}],\"video_kbps\":1500,"
        "\"width\":720}";
    expect_canonical(TEXT, TEXT);
}

static void
test_same_look_is_the_same_text(void **state)
{
    (void)state;
    struct bc_scene *a = parse("{\"preset\":\"full\",\"inputs\":[\"live/hq\"]}");
    struct bc_scene *b = parse("layers:\n"
                               "- id: main\n"
                               "  type: channel\n"
                               "  channel: live/hq\n"
                               "  x: 0.00001\n"
                               "  y: -0.00001\n"
                               "  cues: true\n"
                               "  opacity: 1.0\n"
                               "  enter: {effect: fade, ms: 0}\n"
                               "fps: 30\n");
    struct bc_scene *c = parse("{\"preset\":\"full\",\"inputs\":[\"live/hp\"]}");
    char of_a[BC_SCENE_HASH_TEXT];
    char of_b[BC_SCENE_HASH_TEXT];
    char of_c[BC_SCENE_HASH_TEXT];
    assert_true(bc_scene_hash(a, of_a));
    assert_true(bc_scene_hash(b, of_b));
    assert_true(bc_scene_hash(c, of_c));
    assert_int_equal(strlen(of_a), BC_SCENE_HASH_TEXT - 1);
    assert_string_equal(of_a, of_b);
    assert_string_not_equal(of_a, of_c);
    struct bc_scene *again = bc_scene_ref(a);
    bc_scene_unref(&a);
    assert_null(a);
    assert_string_equal(again->layers[0].channel, "live/hq");
    bc_scene_unref(&again);
    bc_scene_unref(&b);
    bc_scene_unref(&c);
}

static void
test_cues_are_those_of_who_is_told(void **state)
{
    (void)state;
    struct bc_scene *scene = parse(HEAD CHANNEL "}," CHANNEL ",\"cues\":true}]}");
    assert_false(scene->layers[0].cues);
    assert_true(scene->layers[1].cues);
    bc_scene_unref(&scene);
    scene = parse(HEAD CHANNEL ",\"cues\":false}," CHANNEL "}]}");
    assert_false(scene->layers[0].cues);
    assert_false(scene->layers[1].cues);
    bc_scene_unref(&scene);
    expect_canonical(HEAD CHANNEL ",\"cues\":false}," CHANNEL "}]}",
        "{\"fps\":30,\"height\":720,\"inputs\":[\"live/hq\"],\"layers\":["
        "{\"channel\":\"live/"
        "hq\",\"cues\":false,\"id\":\"channel-1\",\"type\":\"channel\"},"
        "{\"channel\":\"live/hq\",\"id\":\"channel-2\",\"type\":\"channel\"}],"
        "\"width\":1280}");
}

static void
test_sizes_of_renditions(void **state)
{
    (void)state;
    struct bc_scene *scene = parse("{\"preset\":\"full\",\"inputs\":[\"live/hq\"],"
                                   "\"width\":1918,\"height\":1080,\"renditions\":["
                                   "{\"height\":720,\"video_kbps\":1500},"
                                   "{\"height\":360,\"video_kbps\":600}]}");
    assert_int_equal(scene->n_renditions, 2);
    assert_int_equal(scene->renditions[0].width, 1278);
    assert_int_equal(scene->renditions[1].width, 640);
    bc_scene_unref(&scene);
}

static void
test_files_are_told_from_ids(void **state)
{
    (void)state;
    struct bc_scene_error error = { "" };
    struct bc_scene *scene =
        parse(HEAD "{\"type\":\"picture\",\"picture\":\"8d1f20ab\"}," CHANNEL
                   ",\"slate\":\"77aa\"}]}");
    assert_false(bc_scene_names_files(scene, &error));
    bc_scene_unref(&scene);
    scene = parse(HEAD CHANNEL ",\"id\":\"x\",\"slate\":\"/etc/a\"}]}");
    assert_true(bc_scene_names_files(scene, &error));
    assert_string_equal(
        error.text, "layer \"x\": slate must be the id of an uploaded picture");
    bc_scene_unref(&scene);
}

static void
test_errors_of_the_scene_name_the_place(void **state)
{
    (void)state;
    expect_error("", "must not be empty");
    expect_error("[]", "must be an object");
    expect_error("{}", "needs a preset with inputs, or layers");
    expect_error("{\"colour\":1}", "colour: no such field");
    expect_error("{\"width\":1281}", "width: must be even");
    expect_error("{\"width\":\"1280\"}", "width: must be a whole number from 96 to 1920");
    expect_error("{\"height\":4000}", "height: must be a whole number from 96 to 1920");
    expect_error("{\"width\":1920,\"height\":1920}",
        "width: the picture must not be larger than 1920x1080");
    expect_error("{\"fps\":29.97}", "fps: must be a whole number from 5 to 60");
    expect_error("{\"background\":\"black\"}",
        "background: must be a color, \"#rrggbb\" or \"#rrggbbaa\" in quotes");
    expect_error("{\"background\":\"#00000000\"}", "background: must not be transparent");
    expect_error("{\"preset\":\"diagonal\"}", "preset: there is no preset \"diagonal\"");
    expect_error("{\"preset\":\"three-up\",\"inputs\":[\"a/b\",\"a/c\"]}",
        "inputs: the preset three-up needs 3");
    expect_error(
        "{\"inputs\":[\"a/b\",7]}", "inputs[1]: must be a channel, \"app/stream\"");
    expect_error("{\"inputs\":\"a/b\"}", "inputs: must be a list");
    expect_error(
        "{\"renditions\":[{\"height\":360}]}", "renditions[0].video_kbps: is missing");
    expect_error("{\"renditions\":[{\"height\":720,\"video_kbps\":900}]}",
        "renditions[0].height: must be a whole number from 96 to 718");
    expect_error("{\"renditions\":[{\"height\":300,\"video_kbps\":900},"
                 "{\"height\":360,\"video_kbps\":900}]}",
        "renditions[1].height: must be lower than that of the one before");
    expect_error("{\"inputs\":[\"a/1\",\"a/2\",\"a/3\",\"a/4\",\"a/5\",\"a/6\",\"a/7\","
                 "\"a/8\"],"
                 "\"layers\":[{\"type\":\"channel\",\"channel\":\"a/9\"}]}",
        "layers[0].channel: there are more than 8 inputs");
}

static void
test_errors_of_layers_name_the_place(void **state)
{
    (void)state;
    expect_error(HEAD "7]}", "layers[0]: must be an object");
    expect_error(HEAD "{}]}", "layers[0].type: is missing");
    expect_error(HEAD "{\"type\":\"film\"}]}",
        "layers[0].type: must be one of channel, picture, text, card, clock, qr, cues");
    expect_error(HEAD CHANNEL "}," CHANNEL ",\"w\":0}]}",
        "layers[1].w: must be a number from 0.001 to 3");
    expect_error(
        HEAD CHANNEL ",\"x\":2.5}]}", "layers[0].x: must be a number from -1 to 2");
    expect_error(HEAD CHANNEL ",\"text\":\"a\"}]}",
        "layers[0].text: is nothing for a layer of the type channel");
    expect_error(HEAD CHANNEL ",\"colour\":1}]}", "layers[0].colour: no such field");
    expect_error(HEAD CHANNEL ",\"id\":\"a\"}," CHANNEL ",\"id\":\"a\"}]}",
        "layers[1].id: \"a\" is given twice");
    expect_error(HEAD CHANNEL ",\"id\":\"a b\"}]}",
        "layers[0].id: must be 1 to 40 letters, digits, _ and -");
    expect_error(HEAD "{\"type\":\"channel\",\"channel\":\"../x\"}]}",
        "layers[0].channel: must be a channel, \"app/stream\"");
    expect_error(HEAD "{\"type\":\"channel\"}]}", "layers[0].channel: is missing");
    expect_error(HEAD "{\"type\":\"card\"}]}", "layers[0].data: is missing");
    expect_error(
        HEAD "{\"type\":\"qr\",\"text\":\"\"}]}", "layers[0].text: must not be empty");
    expect_error(HEAD CHANNEL ",\"crop\":{\"l\":0.5,\"r\":0.5}}]}",
        "layers[0].crop: must leave a twentieth of the width and the height");
    expect_error(
        HEAD CHANNEL ",\"crop\":{\"left\":0.5}}]}", "layers[0].crop.left: no such field");
    expect_error(HEAD CHANNEL ",\"enter\":{\"effect\":\"spin\"}}]}",
        "layers[0].enter.effect: must be one of none, fade, slide-left, slide-right, "
        "slide-up, slide-down");
    expect_error(HEAD CHANNEL ",\"leave\":{\"ms\":60000}}]}",
        "layers[0].leave.ms: must be a whole number from 0 to 5000");
    expect_error(HEAD "{\"type\":\"picture\",\"picture\":\"a/../../b.png\"}]}",
        "layers[0].picture: must not lead out of its folder by \"..\"");
    expect_error(HEAD "{\"type\":\"picture\",\"picture\":\"http://a/b.png\"}]}",
        "layers[0].picture: must be a file or the id of an uploaded picture, not a URL");
    expect_error(HEAD "{\"type\":\"text\",\"text\":\"a\\u0007b\"}]}",
        "layers[0].text: must not have control characters");
    expect_error(HEAD "{\"type\":\"clock\",\"format\":\"%n\"}]}",
        "layers[0].format: knows % and one of Y m d H M S I p A a B b y e j F T R %");
    expect_error(HEAD "{\"type\":\"clock\",\"format\":\"5%\"}]}",
        "layers[0].format: knows % and one of Y m d H M S I p A a B b y e j F T R %");
    expect_error(HEAD "{\"type\":\"clock\",\"timezone\":\"../../x\"}]}",
        "layers[0].timezone: must be a timezone as \"Asia/Shanghai\" or \"UTC\"");
    expect_error("{\"preset\":\"full\",\"inputs\":[\"a/b\"],\"layers\":[{\"id\":\"main\","
                 "\"w\":9}]}",
        "layers[0].w: must be a number from 0.001 to 3");
}

static void
test_errors_of_the_text_name_the_line(void **state)
{
    (void)state;
    expect_error("{\n\"fps\":}", "line 2: not valid JSON: unexpected token near '}'");
    expect_error("{\"fps\":30,\"fps\":25}",
        "line 1: not valid JSON: duplicate object key near '\"fps\"'");
    expect_error("fps: 30\nfps: 25\n", "line 2: a key is given twice");
    expect_error(
        "a: &x 1\nb: *x\n", "line 1: anchors (&) and tags (!) are not supported");
    expect_error("a: !!str 1\n", "line 1: anchors (&) and tags (!) are not supported");
    expect_error("a: *x\n", "line 1: aliases (*) are not supported");
    expect_error("? [a]\n: 1\n", "line 1: a key must be a single word");
    expect_error("fps: 30\n---\nfps: 30\n", "line 3: only one document is read");
    expect_error("a: [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n", "line 1: nested too deep");
    expect_error(
        "fps: [\n", "line 2: not valid YAML: did not find expected node content");
}

static void
test_too_much_is_refused(void **state)
{
    (void)state;
    char *text = malloc(BC_SCENE_MAX_BYTES + 2);
    memset(text, ' ', BC_SCENE_MAX_BYTES + 1);
    text[BC_SCENE_MAX_BYTES + 1] = '\0';
    expect_error(text, "must not be larger than 65536 bytes");
    strcpy(text, HEAD CHANNEL "}");
    for (int i = 0; i < BC_SCENE_MAX_LAYERS; i++) {
        strcat(text, "," CHANNEL "}");
    }
    strcat(text, "]}");
    expect_error(text, "layers: must not have more than 16");
    strcpy(text, HEAD "{\"type\":\"card\",\"data\":{\"title\":\"");
    size_t len = strlen(text);
    memset(text + len, 'x', BC_SCENE_DATA_MAX);
    strcpy(text + len + BC_SCENE_DATA_MAX, "\"}}]}");
    expect_error(text, "layers[0].data: must not be longer than 4096 bytes");
    free(text);
}

static void
test_no_beginning_of_a_text_is_a_scene(void **state)
{
    (void)state;
    static const char TEXT[] =
        "{\"preset\":\"full\",\"inputs\":[\"live/hq\"],\"layers\":["
        "{\"type\":\"clock\",\"format\":\"%H\",\"x\":0.5}]}";
    for (size_t len = 0; len < sizeof(TEXT) - 1; len++) {
        char *part = malloc(len ? len : 1);
        memcpy(part, TEXT, len);
        assert_null(bc_scene_parse(part, len, NULL));
        assert_null(bc_scene_parse_yaml(part, len, NULL));
        free(part);
    }
}

static void
test_yaml_numbers_are_those_of_json(void **state)
{
    (void)state;
    struct bc_scene *scene =
        parse("layers:\n"
              "  - type: card\n"
              "    data: {sku: 0571, price: 9.5, n: -3, s: '7',\n"
              "      on: true, off: ~, t: 1:30, e: 1e400, d: 1-2}\n");
    assert_string_equal(scene->layers[0].data,
        "{\"d\":\"1-2\",\"e\":\"1e400\",\"n\":-3,\"off\":null,\"on\":true,\"price\":9.5,"
        "\"s\":\"7\",\"sku\":\"0571\",\"t\":\"1:30\"}");
    bc_scene_unref(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preset_becomes_layers),
        cmocka_unit_test(test_every_preset_is_a_scene),
        cmocka_unit_test(test_preset_layer_changes_by_id),
        cmocka_unit_test(test_layers_are_sorted_by_height),
        cmocka_unit_test(test_every_field_is_read_and_written),
        cmocka_unit_test(test_same_look_is_the_same_text),
        cmocka_unit_test(test_cues_are_those_of_who_is_told),
        cmocka_unit_test(test_sizes_of_renditions),
        cmocka_unit_test(test_files_are_told_from_ids),
        cmocka_unit_test(test_errors_of_the_scene_name_the_place),
        cmocka_unit_test(test_errors_of_layers_name_the_place),
        cmocka_unit_test(test_errors_of_the_text_name_the_line),
        cmocka_unit_test(test_too_much_is_refused),
        cmocka_unit_test(test_no_beginning_of_a_text_is_a_scene),
        cmocka_unit_test(test_yaml_numbers_are_those_of_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
