// SPDX-License-Identifier: Apache-2.0
// A configuration that was changed while the server runs.
#include "parts.h"

#include <string.h>

#include "base/writer.h"
#include "card/cards.h"
#include "net/tls.h"
#include "scenes/scenes.h"

void
bc_server_log_warnings(const struct bc_config *config)
{
    struct bc_writer lines = { 0 };
    bc_config_warnings(config, &lines);
    bc_write_u8(&lines, 0);
    char *save = NULL;
    for (char *line = lines.failed ? NULL : strtok_r((char *)lines.data, "\n", &save);
         line; line = strtok_r(NULL, "\n", &save)) {
        bc_warn(NULL, "%s", line);
    }
    bc_writer_finish(&lines);
}

static void
log_change(void *user, const char *key, bool needs_restart)
{
    (void)user;
    if (needs_restart) {
        bc_warn(NULL, "reload: %s changed, which takes effect after a restart", key);
    } else {
        bc_info(NULL, "reload: %s changed", key);
    }
}

void
bc_server_reload(struct bc_server *s)
{
    struct bc_config *fresh = NULL;
    struct bc_writer errors = { 0 };
    struct bc_tls_context *rtmp = NULL;
    struct bc_tls_context *http = NULL;
    if (bc_config_load(s->config_path, s->overrides, s->override_count, &fresh, &errors)
        != 0) {
        bc_error(NULL, "reload failed, the old configuration stays: %.*s",
            (int)errors.len, errors.data ? (char *)errors.data : "");
        bc_writer_finish(&errors);
        return;
    }
    bc_writer_finish(&errors);
    bc_config_diff(s->config, fresh, log_change, NULL);
    bc_server_mark_tls(s, fresh);
    if (bc_config_keep_restart(fresh, s->config) != 0
        || !bc_server_load_tls(fresh, &rtmp, &http)) {
        bc_error(NULL, "reload failed, the old configuration stays");
        bc_config_unref(&fresh);
        return;
    }
    bc_log_set_level(fresh->log.level);
    bc_log_set_format(fresh->log.format);
    bc_hub_set_config(s->hub, fresh);
    for (unsigned i = 0; i < s->worker_count; i++) {
        bc_server_worker_post_reload(&s->workers[i], fresh, rtmp, http);
    }
    bc_tls_context_unref(&rtmp);
    bc_tls_context_unref(&http);
    bc_config_unref(&s->config);
    s->config = fresh;
    bc_server_relays_follow(s->relays, s->config);
    bc_scenes_follow(s->scenes, s->config);
    bc_server_record_reload(s);
    bc_cards_reload(s->cards, s->config->cards.dir);
    bc_server_log_warnings(s->config);
    bc_info(NULL, "reloaded");
}
