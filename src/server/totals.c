// SPDX-License-Identifier: Apache-2.0
// What the server's parts have counted, for the metrics.
#include "parts.h"

#include "base/clock.h"
#include "picture/picture.h"
#include "protocol/srt/srt.h"
#include "protocol/webrtc/peer.h"
#include "protocol/webrtc/port.h"
#include "transmux/rtp.h"

static void
add_webrtc_totals(const struct bc_server_worker *w, struct bc_control_totals *out)
{
    struct bc_rtp_windows_stats rtp;
    bc_rtp_windows_stats(w->rtp_windows, &rtp);
    out->rtp_packets += rtp.packets;
    out->rtp_bytes += rtp.bytes;
    out->rtp_nacked += rtp.nacked;
    out->rtp_resent += rtp.resent;
    out->rtp_key_requests += rtp.key_requests;
    out->rtp_skips += rtp.skips;
    out->rtp_switches += rtp.switches;
    if (!w->webrtc_port) {
        return;
    }
    struct bc_webrtc_port_stats port;
    bc_webrtc_port_stats(w->webrtc_port, &port);
    out->webrtc_connecting += port.connecting;
    out->webrtc_opened += port.opened;
    out->webrtc_never_connected += port.never_connected;
    out->webrtc_datagrams_in += port.datagrams_in;
    out->webrtc_bytes_in += port.bytes_in;
    out->webrtc_datagrams_out += port.datagrams_out;
    out->webrtc_bytes_out += port.bytes_out;
    out->webrtc_sends += port.sends;
    out->webrtc_blocked += port.blocked;
    out->webrtc_send_errors += port.send_errors;
    out->webrtc_stray += port.stray;
    out->webrtc_forwarded += port.forwarded;
}

static void
add_worker_totals(const struct bc_server_worker *w, struct bc_control_totals *out)
{
    struct bc_rtmp_server_stats rtmp;
    struct bc_windows_stats windows;
    bc_rtmp_server_stats(w->rtmp, &rtmp);
    bc_windows_stats(w->windows, &windows);
    out->connections += atomic_load(&w->worker->connections);
    out->http_connections += w->http.connections;
    out->http_requests += w->http.requests;
    out->http_bad_requests += w->http.bad_requests;
    out->rtmp_connections += rtmp.connections;
    out->rtmp_accepted += rtmp.accepted;
    out->rtmp_refused += rtmp.refused;
    out->rtmp_failed += rtmp.failed;
    out->rtmp_bytes_in += rtmp.bytes_in;
    out->window_bytes += windows.bytes;
    out->window_skips += windows.skips;
    out->window_walks += windows.walks;
    out->window_items += windows.items;
    add_webrtc_totals(w, out);
}

void
bc_server_totals(void *user, struct bc_control_totals *out)
{
    const struct bc_server *s = user;
    out->uptime_us = (uint64_t)(bc_clock_us() - s->started_us);
    out->workers = s->worker_count;
    out->webrtc_sessions = bc_webrtc_sessions(s->webrtc);
    out->pictures_made = bc_pictures_made(s->pictures);
    struct bc_srt_totals srt;
    bc_srt_totals(s->srt, &srt);
    out->connections += srt.open;
    out->srt_connections = srt.open;
    out->srt_accepted = srt.accepted;
    out->srt_refused = srt.refused;
    out->srt_failed = srt.failed;
    bc_server_record_totals(s, out);
    bc_server_scenes_totals(s, out);
    for (unsigned i = 0; i < s->worker_count; i++) {
        add_worker_totals(&s->workers[i], out);
    }
}
