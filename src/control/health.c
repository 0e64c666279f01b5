// SPDX-License-Identifier: Apache-2.0
// What asks about the server itself.
#include "base/buf.h"
#include "config/config.h"
#include "control_internal.h"
#include "json.h"
#include "stream/hub.h"

void
bc_control_healthz(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)control;
    (void)channel;
    bc_http_respond_text(x, 200, NULL, BC_CONTROL_NO_STORE, "ok\n");
}

void
bc_control_readyz(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    bool ready = control->params.ready(control->params.user);
    bc_http_respond_text(x, ready ? 200 : 503, NULL, BC_CONTROL_NO_STORE,
        ready ? "ok\n" : "not ready\n");
}

void
bc_control_openapi(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    struct bc_http_response r = {
        .status = 200,
        .content_type = "application/json",
        .headers = "Cache-Control: no-cache\r\n",
        .bufs = &control->openapi,
        .count = 1,
    };
    bc_http_respond(x, &r);
}

// The port viewers and hosts would use; 0: it does not listen.
static uint16_t
first_port(const struct bc_config_listen_list *list)
{
    return list->n > 0 ? list->items[0].port : 0;
}

void
bc_control_public_info(struct bc_control *control, struct bc_http_exchange *x,
    const char *channel)
{
    (void)channel;
    struct bc_config *config = bc_hub_config(control->params.hub);
    struct bc_json j;
    bc_json_begin(&j);
    bc_json_text(&j, "name", "Branchcast");
    bc_json_text(&j, "version", BC_VERSION);
    bc_json_int(&j, "rtmp_port", first_port(&config->rtmp.listen));
    bc_json_int(&j, "http_port", first_port(&config->http.listen));
    bc_json_int(&j, "https_port",
        config->tls.cert[0] ? first_port(&config->https.listen) : 0);
    bc_config_unref(&config);
    bc_control_respond_json(x, 200, bc_json_end(&j));
}
