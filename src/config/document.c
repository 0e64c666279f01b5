// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "schema.h"
#include "value.h"

// The three texts made from the schema: the values in effect, the sample file, the
// reference.

#define WRAP_COLUMN 88

static void
print_key(const struct bc_key *key, const void *base, const char *indent, FILE *out)
{
    size_t section_len;
    fprintf(out, "%s%s: ", indent, bc_schema_leaf(key, &section_len));
    bc_value_print(key, base, out);
    fputc('\n', out);
}

static void
print_channels(const struct bc_config *cfg, FILE *out)
{
    fputs("channels:\n", out);
    for (size_t i = 0; i < cfg->n_channels; i++) {
        fprintf(out, "  %s:\n", cfg->channels[i].name);
        for (size_t k = 0; k < BC_CHANNEL_N_KEYS; k++) {
            print_key(&BC_CHANNEL_KEYS[k], &cfg->channels[i], "    ", out);
        }
    }
}

void
bc_config_print_effective(const struct bc_config *cfg, FILE *out)
{
    for (size_t s = 0; s < BC_CONFIG_N_SECTIONS; s++) {
        const struct bc_section *section = &BC_CONFIG_SECTIONS[s];
        const char *indent = section->name[0] ? "  " : "";
        if (section->name[0]) {
            fprintf(out, "%s:\n", section->name);
        }
        for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
            if (bc_schema_is_in(&BC_CONFIG_KEYS[i], section)) {
                print_key(&BC_CONFIG_KEYS[i], cfg, indent, out);
            }
        }
    }
    print_channels(cfg, out);
}

// "100 to 2000 ms", "key, open", "true, false", or "" where there is nothing to say.
static void
print_range(const struct bc_key *key, FILE *out)
{
    switch (key->type) {
    case BC_KEY_BOOL:
        fputs("true, false", out);
        break;
    case BC_KEY_INT:
    case BC_KEY_SIZE:
        fprintf(out, "%" PRId64 " to %" PRId64 "%s%s", key->min, key->max,
            key->unit ? " " : "", key->unit ? key->unit : "");
        break;
    case BC_KEY_ENUM:
        for (const struct bc_key_choice *c = key->choices; c->name; c++) {
            fprintf(out, "%s%s", c == key->choices ? "" : ", ", c->name);
        }
        break;
    default:
        break;
    }
}

static bool
has_range(const struct bc_key *key)
{
    return key->type == BC_KEY_BOOL || key->type == BC_KEY_INT || key->type == BC_KEY_SIZE
        || key->type == BC_KEY_ENUM;
}

// A comment of as many lines as it needs.
static void
print_comment(const char *text, const char *indent, FILE *out)
{
    size_t column = WRAP_COLUMN; // so that the first word opens a line
    bool first = true;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (column + 1 + len > WRAP_COLUMN) {
            fprintf(out, "%s%s# %.*s", first ? "" : "\n", indent, (int)len, text);
            column = strlen(indent) + 2 + len;
            first = false;
        } else {
            fprintf(out, " %.*s", (int)len, text);
            column += 1 + len;
        }
        text += len + (text[len] == ' ');
    }
    fputc('\n', out);
}

static void
print_sample_key(
    const struct bc_key *key, const struct bc_config *cfg, const char *indent, FILE *out)
{
    print_comment(key->text, indent, out);
    if (has_range(key) || key->scope == BC_SCOPE_RESTART) {
        fprintf(out, "%s# ", indent);
        print_range(key, out);
        if (key->scope == BC_SCOPE_RESTART) {
            fprintf(out, "%sneeds a restart", has_range(key) ? "; " : "");
        }
        fputc('\n', out);
    }
    fprintf(out, "%s#", indent);
    print_key(key, cfg, "", out);
}

static const char SAMPLE_HEAD[] =
    "# Branchcast's configuration. Generated from the schema; every key is shown\n"
    "# with its default. A line with a key starts with # directly before it: remove\n"
    "# that # to change the value. `branchcast check -c FILE` tells what is wrong\n"
    "# and prints what is in effect, SIGHUP reloads, and `--set key=value` on the\n"
    "# command line overrides the file.\n";

static const char SAMPLE_CHANNELS[] =
    "\n"
    "# Channels that need something of their own, by app/stream. Others need no entry.\n"
    "channels:\n"
    "  #live/hq:\n"
    "    #title: \"Headquarters\"\n"
    "    #publish_key: \"change-me\"\n"
    "    #record: always\n"
    "    #sources:\n"
    "      #- publisher                   # the main take\n"
    "      #- publisher: backup           # pushed with ?role=backup\n"
    "      #- slate: { image: conf/slate.png }\n"
    "  #store/0571:\n"
    "    #sources:\n"
    "      #- publisher                   # the store's own host, when on air\n"
    "      #- channel: live/hq            # else headquarters\n";

void
bc_config_write_sample(FILE *out)
{
    struct bc_config *cfg = NULL;
    if (bc_config_load(NULL, NULL, 0, &cfg, NULL) != 0) {
        return;
    }
    fputs(SAMPLE_HEAD, out);
    for (size_t s = 0; s < BC_CONFIG_N_SECTIONS; s++) {
        const struct bc_section *section = &BC_CONFIG_SECTIONS[s];
        const char *indent = section->name[0] ? "  " : "";
        fputc('\n', out);
        print_comment(section->text, "", out);
        if (section->name[0]) {
            fprintf(out, "%s:\n", section->name);
        }
        for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
            if (bc_schema_is_in(&BC_CONFIG_KEYS[i], section)) {
                print_sample_key(&BC_CONFIG_KEYS[i], cfg, indent, out);
            }
        }
    }
    fputs(SAMPLE_CHANNELS, out);
    bc_config_unref(&cfg);
}

static const char DOCS_HEAD[] =
    "# Configuration reference\n"
    "\n"
    "Generated from `src/config/schema.c` by `bcconfgen docs`; do not edit.\n"
    "\n"
    "`branchcast serve` works without a file. `-c FILE` reads a YAML file, in which\n"
    "the part of a key before the dot is a section (`hls:`) and the rest a key\n"
    "under it (`part_ms: 200`). `--set hls.part_ms=200` overrides the file and may\n"
    "be given many times; lists of addresses are comma-separated there, and a\n"
    "channel's key is `channels.live/hq.publish_key=K`. `branchcast check -c FILE`\n"
    "reports every error with its line and prints the values in effect, secrets\n"
    "masked.\n"
    "\n"
    "On SIGHUP the file is read again: keys marked *live* change at once or for\n"
    "what begins afterwards, keys marked *restart* are named in the log and keep\n"
    "their value until the next start.\n"
    "\n"
    "Sizes may be written as `64KiB`, `4MiB` or `2GiB`. Addresses are `host:port`,\n"
    "`[v6]:port` or `:port` (every address), one or a list of them; `[]` is none.\n"
    "Secrets may be written as `sha256:<64 hexadecimal digits>`, made by `printf %s\n"
    "KEY | sha256sum`. Anchors, aliases and tags of YAML are not supported.\n";

static const char DOCS_CHANNELS[] =
    "\n"
    "## channels\n"
    "\n"
    "A map by `app/stream`: one to four levels of app and one of stream, each 1 to\n"
    "64 letters, digits, `_`, `.` and `-`, and not starting with a dot. A channel\n"
    "needs no entry to exist.\n"
    "\n";

static const char DOCS_SOURCES[] =
    "\n"
    "A source is one of `publisher` (the main take), `publisher: ROLE`, `channel:\n"
    "APP/STREAM`, `slate: { image: PATH }` and `slate: { file: PATH }`.\n";

static void
print_docs_row(const struct bc_key *key, const void *base, FILE *out)
{
    fprintf(out, "| `%s` | ", key->name);
    fputc('`', out);
    bc_value_print(key, base, out);
    fputs("` | ", out);
    print_range(key, out);
    fprintf(out, "%s%s | %s |\n", has_range(key) ? " | " : "| ",
        key->scope == BC_SCOPE_RESTART ? "restart" : "live", key->text);
}

static const char DOCS_TABLE[] = "| key | default | values | reload | what |\n"
                                 "|---|---|---|---|---|\n";

void
bc_config_write_docs(FILE *out)
{
    struct bc_config *cfg = NULL;
    const char *const one_channel[] = { "channels.app/stream.title=" };
    if (bc_config_load(NULL, one_channel, 1, &cfg, NULL) != 0) {
        return;
    }
    fputs(DOCS_HEAD, out);
    for (size_t s = 0; s < BC_CONFIG_N_SECTIONS; s++) {
        const struct bc_section *section = &BC_CONFIG_SECTIONS[s];
        fprintf(out, "\n## %s\n\n%s\n\n", section->name[0] ? section->name : "general",
            section->text);
        fputs(DOCS_TABLE, out);
        for (size_t i = 0; i < BC_CONFIG_N_KEYS; i++) {
            if (bc_schema_is_in(&BC_CONFIG_KEYS[i], section)) {
                print_docs_row(&BC_CONFIG_KEYS[i], cfg, out);
            }
        }
    }
    fputs(DOCS_CHANNELS, out);
    fputs(DOCS_TABLE, out);
    for (size_t i = 0; i < BC_CHANNEL_N_KEYS; i++) {
        print_docs_row(&BC_CHANNEL_KEYS[i], &cfg->channels[0], out);
    }
    fputs(DOCS_SOURCES, out);
    bc_config_unref(&cfg);
}
