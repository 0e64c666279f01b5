// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_wire.h"
#include "protocol/http/files.h"

static char g_folder[] = "/tmp/branchcast-files-XXXXXX";
static struct bc_http_files *g_files;
static struct fake_wire g_wire;

static void
path_of(char out[256], const char *name)
{
    snprintf(out, 256, "%s/%s", g_folder, name);
}

static void
write_file(const char *name, const char *text, unsigned repeat)
{
    char path[256];
    path_of(path, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned i = 0; i < repeat; i++) {
        fputs(text, f);
    }
    fclose(f);
}

static void
handle(void *user, struct bc_http_exchange *x)
{
    (void)user;
    if (!bc_http_files_respond(g_files, x, bc_http_path(x) + 1)) {
        bc_http_respond_error(x, 404, "not_found", "no such file");
    }
}

static int
setup(void **state)
{
    (void)state;
    char path[256];
    strcpy(g_folder + strlen(g_folder) - 6, "XXXXXX");
    assert_non_null(mkdtemp(g_folder));
    path_of(path, "assets");
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("index.html", "<p>hello</p>\n", 100);
    write_file("tiny.txt", "0123456789", 1);
    write_file("assets/watch-DF2a81Bc.js", "let a = 1;\n", 100);
    write_file(".hidden", "secret", 1);
    path_of(path, "link.txt");
    assert_int_equal(symlink("/etc/passwd", path), 0);
    char error[256] = "";
    g_files = bc_http_files_load(g_folder, error, sizeof(error));
    assert_string_equal(error, "");
    assert_non_null(g_files);
    fake_wire_init(&g_wire, handle, NULL);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    static const char *const names[] = { "index.html", "tiny.txt",
        "assets/watch-DF2a81Bc.js", ".hidden", "link.txt" };
    fake_wire_finish(&g_wire);
    bc_http_files_destroy(g_files);
    char path[256];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        path_of(path, names[i]);
        unlink(path);
    }
    path_of(path, "assets");
    rmdir(path);
    rmdir(g_folder);
    return 0;
}

// Asks for a file with more header lines; the whole response.
static const char *
ask(const char *method, const char *name, const char *lines)
{
    char request[512];
    snprintf(request, sizeof(request), "%s /%s HTTP/1.1\r\nHost: a\r\n%s\r\n", method,
        name, lines);
    fake_wire_clear(&g_wire);
    fake_wire_input_text(&g_wire, request);
    const char *text = fake_wire_text(&g_wire);
    assert_non_null(text);
    return text;
}

static void
assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part)) {
        fail_msg("no \"%s\" in:\n%s", part, text ? text : "");
    }
}

static void
test_files_have_type_and_tag(void **state)
{
    (void)state;
    const char *text = ask("GET", "index.html", "");
    assert_has(text, "HTTP/1.1 200 ");
    assert_has(text, "\r\nContent-Type: text/html; charset=utf-8\r\n");
    assert_has(text, "\r\nCache-Control: no-cache\r\n");
    assert_has(text, "\r\nContent-Length: 1300\r\n");
    assert_has(text, "\r\nVary: Accept-Encoding\r\n");
    assert_has(ask("GET", "assets/watch-DF2a81Bc.js", ""), ", immutable\r\n");
    text = ask("HEAD", "tiny.txt", "");
    assert_has(text, "\r\nContent-Length: 10\r\n");
    assert_null(strstr(text, "0123"));
}

static void
test_a_known_tag_is_not_sent_again(void **state)
{
    (void)state;
    const char *lines = "";
    char header[128];
    for (int gzip = 0; gzip < 2; gzip++) {
        lines = gzip ? "Accept-Encoding: gzip\r\n" : "";
        const char *etag = strstr(ask("GET", "index.html", lines), "ETag: ");
        assert_non_null(etag);
        snprintf(header, sizeof(header), "%sIf-None-Match: W/\"x\", %.*s\r\n", lines,
            (int)strcspn(etag + 6, "\r"), etag + 6);
        const char *text = ask("GET", "index.html", header);
        assert_has(text, "HTTP/1.1 304 ");
        assert_has(text, "\r\nETag: ");
        assert_null(strstr(text, "\r\nContent-Length"));
    }
    assert_has(ask("GET", "index.html", "If-None-Match: \"other\"\r\n"), "HTTP/1.1 200 ");
}

static void
test_gzip_where_it_pays_and_is_wanted(void **state)
{
    (void)state;
    assert_has(ask("GET", "index.html", "Accept-Encoding: br, gzip\r\n"),
        "\r\nContent-Encoding: gzip\r\n");
    assert_null(
        strstr(ask("GET", "index.html", "Accept-Encoding: gzip;q=0\r\n"), "gzip"));
    assert_null(strstr(ask("GET", "tiny.txt", "Accept-Encoding: gzip\r\n"), "gzip"));
    const char *text =
        ask("GET", "index.html", "Accept-Encoding: gzip\r\nRange: bytes=1-3\r\n");
    assert_has(text, "HTTP/1.1 206 ");
    assert_has(text, "\r\n\r\np>h");
}

static void
test_nothing_else_is_served(void **state)
{
    (void)state;
    const char *const names[] = { "", "assets", "assets/", ".hidden", "link.txt", "nope",
        "../etc/passwd", "%2e%2e/etc/passwd", "index.html/" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_has(ask("GET", names[i], ""), "HTTP/1.1 404 ");
    }
    assert_has(ask("POST", "index.html", ""), "HTTP/1.1 404 ");
    char error[256] = "";
    assert_null(bc_http_files_load("/nonexistent", error, sizeof(error)));
    assert_has(error, "/nonexistent: ");
}

#define flow(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        flow(test_files_have_type_and_tag),
        flow(test_a_known_tag_is_not_sent_again),
        flow(test_gzip_where_it_pays_and_is_wanted),
        flow(test_nothing_else_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
