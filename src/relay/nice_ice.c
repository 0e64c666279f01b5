// SPDX-License-Identifier: Apache-2.0
// The half of an ICE agent that lives with libnice.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nice_agent_internal.h"
#include "nice_glue.h"

#define COMPONENT 1 // RTP and RTCP share it (RFC 8843)

// --- what libnice reports ---

static void
add_candidate(struct relay_agent *agent, NiceCandidate *candidate)
{
    struct relay_agent_local *local = &agent->local;
    bool is_relayed = candidate->type == NICE_CANDIDATE_TYPE_RELAYED;
    if (local->candidate_count == RELAY_CANDIDATES_MAX
        || (agent->relay_only && !is_relayed)) {
        return;
    }
    gchar *text = nice_agent_generate_local_candidate_sdp(agent->ice, candidate);
    const char *plain = text && strncmp(text, "a=", 2) == 0 ? text + 2 : text;
    char *copy = plain ? strdup(plain) : NULL;
    if (copy) {
        local->candidates[local->candidate_count++] = copy;
    }
    g_free(text);
}

void
relay_local_finish(struct relay_agent_local *local)
{
    for (unsigned i = 0; i < local->candidate_count; i++) {
        free(local->candidates[i]);
    }
    local->candidate_count = 0;
}

static void
on_gathering_done(NiceAgent *ice, guint stream, gpointer user)
{
    struct relay_agent *agent = user;
    gchar *ufrag = NULL;
    gchar *pwd = NULL;
    if (agent->closed || agent->local.ufrag[0]
        || !nice_agent_get_local_credentials(ice, stream, &ufrag, &pwd)) {
        return;
    }
    snprintf(agent->local.ufrag, sizeof(agent->local.ufrag), "%s", ufrag);
    snprintf(agent->local.pwd, sizeof(agent->local.pwd), "%s", pwd);
    g_free(ufrag);
    g_free(pwd);
    GSList *list = nice_agent_get_local_candidates(ice, stream, COMPONENT);
    for (GSList *it = list; it; it = it->next) {
        add_candidate(agent, it->data);
    }
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    relay_agent_tell(agent, RELAY_AGENT_GATHERED, NULL);
}

static void
on_state(NiceAgent *ice, guint stream, guint component, guint state, gpointer user)
{
    (void)ice;
    (void)stream;
    (void)component;
    struct relay_agent *agent = user;
    if (agent->closed) {
        return;
    }
    if (state == NICE_COMPONENT_STATE_READY && !agent->ready) {
        agent->ready = true;
        relay_agent_tell(agent, RELAY_AGENT_READY, NULL);
    } else if (state == NICE_COMPONENT_STATE_FAILED) {
        relay_agent_tell(agent, RELAY_AGENT_FAILED,
            agent->ready ? "the peer no longer answers" : "no way to the peer was found");
    }
}

static void
on_receive(NiceAgent *ice, guint stream, guint component, guint len, gchar *data,
    gpointer user)
{
    (void)ice;
    (void)stream;
    (void)component;
    struct relay_agent *agent = user;
    if (!agent->closed) {
        relay_agent_receive(agent, data, len);
    }
}

// --- making it ---

static void
set_server(struct relay_agent *agent, const struct relay_ice_server *server)
{
    if (server->turn) {
        NiceRelayType type = server->tls ? NICE_RELAY_TYPE_TURN_TLS
            : server->tcp                ? NICE_RELAY_TYPE_TURN_TCP
                                         : NICE_RELAY_TYPE_TURN_UDP;
        if (!nice_agent_set_relay_info(agent->ice, agent->stream, COMPONENT, server->host,
                server->port, server->username, server->credential, type)) {
            bc_warn(NULL, "TURN server %s is not usable", server->host);
        }
    } else if (!server->tcp) { // libnice asks over UDP only
        g_object_set(agent->ice, "stun-server", server->host, "stun-server-port",
            (guint)server->port, NULL);
    }
}

static bool
set_local(struct relay_agent *agent)
{
    if (agent->local_address[0]) {
        NiceAddress address;
        nice_address_init(&address);
        if (!nice_address_set_from_string(&address, agent->local_address)
            || !nice_agent_add_local_address(agent->ice, &address)) {
            return false;
        }
    }
    if (agent->port_min) {
        nice_agent_set_port_range(
            agent->ice, agent->stream, COMPONENT, agent->port_min, agent->port_max);
    }
    return true;
}

void
relay_agent_open(struct relay_agent *agent)
{
    if (agent->ice || agent->closed) {
        return;
    }
    GMainContext *context = relay_nice_context(agent->nice);
    agent->ice = nice_agent_new_full(context, NICE_COMPATIBILITY_RFC5245,
        NICE_AGENT_OPTION_REGULAR_NOMINATION | NICE_AGENT_OPTION_CONSENT_FRESHNESS);
    g_object_set(agent->ice, "controlling-mode", (gboolean)agent->controlling, "upnp",
        FALSE, "ice-tcp", FALSE, "force-relay", (gboolean)agent->relay_only, NULL);
    g_signal_connect(
        agent->ice, "candidate-gathering-done", G_CALLBACK(on_gathering_done), agent);
    g_signal_connect(agent->ice, "component-state-changed", G_CALLBACK(on_state), agent);
    agent->stream = nice_agent_add_stream(agent->ice, 1);
    for (unsigned i = 0; agent->stream && i < agent->server_count; i++) {
        set_server(agent, &agent->servers[i]);
    }
    if (!agent->stream || !set_local(agent)
        || !nice_agent_attach_recv(
            agent->ice, agent->stream, COMPONENT, context, on_receive, agent)
        || !nice_agent_gather_candidates(agent->ice, agent->stream)) {
        relay_agent_tell(agent, RELAY_AGENT_FAILED, "no local address can be used");
    }
}

// --- use ---

void
relay_agent_connect(struct relay_agent *agent, const struct relay_remote *remote)
{
    GSList *list = NULL;
    nice_agent_set_remote_credentials(
        agent->ice, agent->stream, remote->ufrag, remote->pwd);
    for (unsigned i = 0; i < remote->candidate_count; i++) {
        char line[512];
        const char *text = remote->candidates[i];
        bool has_name = strncmp(text, "candidate:", 10) == 0;
        snprintf(line, sizeof(line), "a=%s%s", has_name ? "" : "candidate:", text);
        NiceCandidate *candidate
            = nice_agent_parse_remote_candidate_sdp(agent->ice, agent->stream, line);
        if (candidate && candidate->component_id == COMPONENT) {
            list = g_slist_append(list, candidate);
        } else if (candidate) {
            nice_candidate_free(candidate);
        }
    }
    nice_agent_set_remote_candidates(agent->ice, agent->stream, COMPONENT, list);
    g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
    // No candidates is an error only when checks from the peer cannot come either; then
    // libnice reports FAILED.
    nice_agent_peer_candidate_gathering_done(agent->ice, agent->stream);
}

void
relay_agent_send_all(struct relay_agent *agent, struct relay_datagrams *datagrams)
{
    if (!agent->ready || agent->closed) {
        return; // nobody sends before on_ready
    }
    bc_list_for_each(node, tmp, &datagrams->list)
    {
        struct relay_datagram *d = bc_container_of(node, struct relay_datagram, node);
        // What the socket does not take is lost, as on the way.
        nice_agent_send(
            agent->ice, agent->stream, COMPONENT, (guint)d->len, (const gchar *)d->data);
    }
}

static void
on_closed(GObject *ice, GAsyncResult *result, gpointer user)
{
    (void)result;
    (void)user;
    g_object_unref(ice);
}

void
relay_agent_close(struct relay_agent *agent)
{
    if (agent->closed) {
        return;
    }
    agent->closed = true;
    if (agent->ice) {
        g_signal_handlers_disconnect_by_data(agent->ice, agent);
        nice_agent_attach_recv(
            agent->ice, agent->stream, COMPONENT, NULL, NULL, NULL);
        // Gives allocations back to TURN servers, then calls.
        nice_agent_close_async(agent->ice, on_closed, NULL);
        agent->ice = NULL;
    }
    relay_agent_unref(agent); // libnice's thread's
}
