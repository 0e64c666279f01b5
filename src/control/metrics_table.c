// SPDX-License-Identifier: Apache-2.0
// Every metric: name, sentence, kind, and where its value comes from.
#include "metrics.h"

static const char *
protocol(int i)
{
    return bc_protocol_name((enum bc_protocol)i);
}

static const char *
kind(int i)
{
    return i == 0 ? "video" : "audio";
}

static double
read_up(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return s->live;
}

static double
read_viewers(const struct bc_metric_sample *s, int i)
{
    return s->viewers[i];
}

// What was measured last is not true any more once nobody sends.
static double
read_bitrate(const struct bc_metric_sample *s, int i)
{
    return s->live ? 1000.0 * (i == 0 ? s->video_kbps : s->audio_kbps) : 0;
}

static double
read_fps(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return s->live ? s->fps : 0;
}

static double
read_gop(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return (double)s->gop_us / 1e6;
}

static double
read_takes(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return (double)s->takes;
}

static double
read_repairs(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return (double)s->repairs;
}

static double
read_jumps(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return (double)s->jumps;
}

static const char *
line_count(int i)
{
    static const char *const NAMES[] = { "packets", "lost", "retransmitted", "dropped" };
    return NAMES[i];
}

static double
read_line(const struct bc_line_stats *line, int i)
{
    const uint64_t values[] = { line->packets, line->lost, line->retransmitted,
        line->dropped };
    return (double)values[i];
}

static double
read_srt_host(const struct bc_metric_sample *s, int i)
{
    return read_line(&s->host_line, i);
}

static double
read_srt_viewers(const struct bc_metric_sample *s, int i)
{
    return read_line(&s->viewer_lines, i);
}

static double
read_srt_rtt(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return s->live ? s->host_line.rtt_us / 1e6 : 0;
}

static double
read_srt_latency(const struct bc_metric_sample *s, int i)
{
    (void)i;
    return s->live ? s->host_line.latency_ms / 1e3 : 0;
}

#define LINE_COUNTS 4
#define GAUGE false
#define COUNTER true
#define AT(field) offsetof(struct bc_control_totals, field)

const struct bc_metric_process BC_METRICS_PROCESS[] = {
    { "branchcast_workers", "Worker threads.", GAUGE, AT(workers) },
    { "branchcast_connections", "Open connections of all protocols.", GAUGE,
        AT(connections) },
    { "branchcast_http_connections", "Open HTTP connections.", GAUGE,
        AT(http_connections) },
    { "branchcast_http_requests_total", "HTTP requests.", COUNTER, AT(http_requests) },
    { "branchcast_http_bad_requests_total", "Requests that were no proper HTTP.", COUNTER,
        AT(http_bad_requests) },
    { "branchcast_rtmp_connections", "Open RTMP connections.", GAUGE,
        AT(rtmp_connections) },
    { "branchcast_rtmp_accepted_total", "RTMP connections taken in.", COUNTER,
        AT(rtmp_accepted) },
    { "branchcast_rtmp_refused_total",
        "RTMP hosts and viewers turned away: keys, conflicts, limits.", COUNTER,
        AT(rtmp_refused) },
    { "branchcast_rtmp_failed_total",
        "RTMP connections closed for bad bytes or timeouts.", COUNTER, AT(rtmp_failed) },
    { "branchcast_rtmp_received_bytes_total", "Bytes received by RTMP.", COUNTER,
        AT(rtmp_bytes_in) },
    { "branchcast_viewer_sent_bytes_total", "Bytes sent to FLV and RTMP viewers.",
        COUNTER, AT(window_bytes) },
    { "branchcast_viewer_skips_total", "How often a slow viewer skipped to a keyframe.",
        COUNTER, AT(window_skips) },
    { "branchcast_viewer_walks_total", "Rounds over the viewers of a worker.", COUNTER,
        AT(window_walks) },
    { "branchcast_viewer_items_total", "Media items shared with the viewers of a worker.",
COUNTER, AT(window_items) },
    { "branchcast_webrtc_sessions", "WebRTC sessions of hosts and viewers.", GAUGE,
        AT(webrtc_sessions) },
    { "branchcast_webrtc_connecting", "WebRTC sessions that are not connected yet.",
        GAUGE, AT(webrtc_connecting) },
    { "branchcast_webrtc_sessions_total", "WebRTC sessions begun.", COUNTER,
        AT(webrtc_opened) },
    { "branchcast_webrtc_never_connected_total",
        "WebRTC sessions that ended without having connected.", COUNTER,
        AT(webrtc_never_connected) },
    { "branchcast_webrtc_received_datagrams_total", "UDP datagrams received.", COUNTER,
        AT(webrtc_datagrams_in) },
    { "branchcast_webrtc_received_bytes_total", "Bytes in them.", COUNTER,
        AT(webrtc_bytes_in) },
    { "branchcast_webrtc_sent_datagrams_total", "UDP datagrams sent.", COUNTER,
        AT(webrtc_datagrams_out) },
    { "branchcast_webrtc_sent_bytes_total", "Bytes in them.", COUNTER,
        AT(webrtc_bytes_out) },
    { "branchcast_webrtc_sends_total", "System calls that sent them.", COUNTER,
        AT(webrtc_sends) },
    { "branchcast_webrtc_blocked_total", "How often the kernel had no room for them.",
        COUNTER, AT(webrtc_blocked) },
    { "branchcast_webrtc_send_errors_total", "Sends that the kernel refused.", COUNTER,
        AT(webrtc_send_errors) },
    { "branchcast_webrtc_stray_total", "Datagrams that belong to no session.", COUNTER,
        AT(webrtc_stray) },
    { "branchcast_webrtc_forwarded_total",
        "Datagrams that came to another worker than their session's.", COUNTER,
        AT(webrtc_forwarded) },
    { "branchcast_srt_connections", "Open SRT connections.", GAUGE, AT(srt_connections) },
    { "branchcast_srt_accepted_total", "SRT connections taken in.", COUNTER,
        AT(srt_accepted) },
    { "branchcast_srt_refused_total",
        "SRT callers turned away: keys, conflicts, channels that are not live, limits.",
        COUNTER, AT(srt_refused) },
    { "branchcast_srt_failed_total",
        "SRT callers that did not come through: wrong passphrases, lost handshakes.",
        COUNTER, AT(srt_failed) },
    { "branchcast_rtp_packets_total", "RTP packets sent to viewers.", COUNTER,
        AT(rtp_packets) },
    { "branchcast_rtp_bytes_total", "Bytes in them.", COUNTER, AT(rtp_bytes) },
    { "branchcast_rtp_nacked_total", "RTP packets that viewers asked for again.", COUNTER,
        AT(rtp_nacked) },
    { "branchcast_rtp_resent_total", "RTP packets sent again.", COUNTER, AT(rtp_resent) },
    { "branchcast_rtp_key_requests_total", "Keyframes that viewers asked for.", COUNTER,
        AT(rtp_key_requests) },
    { "branchcast_rtp_skips_total",
        "How often a WebRTC viewer skipped to a keyframe, its path being too small.",
        COUNTER, AT(rtp_skips) },
    { "branchcast_rtp_switches_total",
        "How often a WebRTC viewer got another rendition.", COUNTER, AT(rtp_switches) },
    { "branchcast_pictures_made_total",
        "Keyframes decoded for thumbnails, posters and pictures of lives.", COUNTER,
        AT(pictures_made) },
    { "branchcast_recordings_running", "Channels that are recorded now.", GAUGE,
        AT(recordings) },
    { "branchcast_recording_trouble",
        "Channels that should be recorded now, and the disk does not take it.", GAUGE,
        AT(recording_trouble) },
    { "branchcast_recording_bytes_total", "Bytes of media recorded.", COUNTER,
        AT(recording_bytes) },
    { "branchcast_recording_parts_total", "Parts recorded.", COUNTER,
        AT(recording_parts) },
    { "branchcast_recording_lost_parts_total",
        "Parts left out because the disk did not take them.", COUNTER,
        AT(recording_lost_parts) },
    { "branchcast_disk_free_bytes", "Free on the disk with the recordings.", GAUGE,
        AT(disk_free_bytes) },
    { "branchcast_disk_total_bytes", "Size of the disk with the recordings.", GAUGE,
        AT(disk_total_bytes) },
    { "branchcast_clip_jobs_waiting", "Clips and exports that wait for a thread.", GAUGE,
        AT(clip_jobs_waiting) },
    { "branchcast_clips_made_total", "Clips and exports made.", COUNTER, AT(clips_made) },
    { "branchcast_clips_failed_total", "Clips and exports that failed.", COUNTER,
        AT(clips_failed) },
    { "branchcast_composites", "Channels that show a scene.", GAUGE, AT(composites) },
    { "branchcast_composers", "Different scenes that are shown.", GAUGE, AT(composers) },
    { "branchcast_composers_running", "Processes of this server that compose scenes.", GAUGE,
        AT(composers_running) },
    { "branchcast_composer_starts_total", "Times such a process was started.", COUNTER,
        AT(composer_starts) },
};

const size_t BC_METRICS_PROCESS_COUNT = sizeof(BC_METRICS_PROCESS)
    / sizeof(BC_METRICS_PROCESS[0]);

const struct bc_metric_channel BC_METRICS_CHANNEL[] = {
    { "branchcast_channel_up", "1 while a host sends.", GAUGE, NULL, 1, NULL, read_up },
    { "branchcast_channel_viewers", "Viewers now.", GAUGE, "protocol", BC_PROTOCOL_COUNT,
        protocol, read_viewers },
    { "branchcast_channel_bitrate_bits_per_second", "What the host sends.", GAUGE, "kind",
        2, kind, read_bitrate },
    { "branchcast_channel_frames_per_second", "Video frames the host sends.", GAUGE, NULL,
        1, NULL, read_fps },
    { "branchcast_channel_gop_seconds", "Length of the last complete GOP.", GAUGE, NULL,
        1, NULL, read_gop },
    { "branchcast_channel_takes_total", "How often a host began to send.", COUNTER, NULL,
        1, NULL, read_takes },
    { "branchcast_channel_timestamp_repairs_total",
        "Timestamps repaired since the broadcast began.", COUNTER, NULL, 1, NULL,
        read_repairs },
    { "branchcast_channel_timestamp_jumps_total",
        "Timestamp jumps since the broadcast began.", COUNTER, NULL, 1, NULL,
        read_jumps },
    { "branchcast_channel_srt_host_packets",
        "Packets of the host's SRT connection: received, lost, sent again, too late.",
        GAUGE, "count", LINE_COUNTS, line_count, read_srt_host },
    { "branchcast_channel_srt_host_rtt_seconds", "Round trip to the host by SRT.", GAUGE,
        NULL, 1, NULL, read_srt_rtt },
    { "branchcast_channel_srt_host_latency_seconds",
        "Latency agreed with the host by SRT.", GAUGE, NULL, 1, NULL, read_srt_latency },
    { "branchcast_channel_srt_viewer_packets_total",
        "Packets of all SRT viewers: sent, lost, sent again, too late.", COUNTER, "count",
        LINE_COUNTS, line_count, read_srt_viewers },
};

const size_t BC_METRICS_CHANNEL_COUNT = sizeof(BC_METRICS_CHANNEL)
    / sizeof(BC_METRICS_CHANNEL[0]);
