// SPDX-License-Identifier: Apache-2.0
// The scenes of conf/scenes are scenes.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "scene/scene.h"

static void
test_examples_are_scenes(void **state)
{
    (void)state;
    glob_t files;
    assert_int_equal(glob(BC_SCENES "/*.yaml", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 5);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        static char text[BC_SCENE_MAX_BYTES];
        FILE *file = fopen(files.gl_pathv[i], "rb");
        assert_non_null(file);
        size_t len = fread(text, 1, sizeof(text), file);
        fclose(file);
        struct bc_scene_error error = { "" };
        struct bc_scene *scene = bc_scene_parse(text, len, &error);
        if (!scene) {
            fail_msg("%s: %s", files.gl_pathv[i], error.text);
        }
        assert_false(bc_scene_names_files(scene, NULL));
        bc_scene_unref(&scene);
    }
    globfree(&files);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_are_scenes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
