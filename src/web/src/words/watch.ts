// SPDX-License-Identifier: Apache-2.0
// The watch page: what goes on, players, statistics.

import type { Words } from './words';

export const WATCH = {
    'phase.connecting': { en: 'Connecting…', zh: '正在连接…' },
    'phase.buffering': { en: 'Loading…', zh: '正在缓冲…' },
    'phase.waiting': { en: 'The host is reconnecting…', zh: '主播正在重新连接…' },
    'phase.waiting_hint': {
        en: 'Stay here. The picture comes back by itself.',
        zh: '请不要离开，画面会自动恢复。',
    },
    'phase.reconnecting': { en: 'Reconnecting…', zh: '正在重新连接…' },
    'phase.reconnecting_hint': {
        en: 'The picture comes back by itself in a moment.',
        zh: '画面马上会自动恢复，请稍候。',
    },
    'phase.offline': { en: 'Not live yet', zh: '直播还没有开始' },
    'phase.offline_hint': {
        en: 'This page starts playing by itself when the broadcast begins.',
        zh: '开播后本页会自动播放，无需刷新。',
    },
    'phase.ended': { en: 'The broadcast has ended', zh: '直播已结束' },
    'phase.ended_hint': {
        en: 'If the host comes back, it continues here.',
        zh: '如果主播再次开播，会在这里继续播放。',
    },
    'phase.unreachable': { en: 'Cannot reach the server', zh: '无法连接服务器' },
    'phase.unreachable_hint': {
        en: 'Please check your network. We keep trying.',
        zh: '请检查网络，正在不断重试。',
    },
    'phase.unsupported': {
        en: 'This browser cannot play live video',
        zh: '当前浏览器无法播放直播',
    },
    'phase.unsupported_hint': {
        en: 'It has neither Media Source Extensions nor HLS. Please open this page in a current Chrome, Edge, Firefox or Safari.',
        zh: '它既不支持 MSE，也不支持 HLS。请用新版 Chrome、Edge、Firefox 或 Safari 打开本页。',
    },
    'phase.codec': {
        en: 'This browser cannot show {codec} video',
        zh: '当前浏览器无法播放 {codec} 画面',
    },
    'phase.codec_hint': {
        en: 'The host sends {codec}, which this device does not decode. Another browser may; the sound works here.',
        zh: '主播推送的是 {codec}，这台设备无法解码。可以换一个浏览器，或者在这里只听声音。',
    },
    'phase.forbidden': { en: 'You may not watch this broadcast', zh: '您没有观看权限' },
    'phase.forbidden_hint': {
        en: 'The link may have expired. Please ask for a new one.',
        zh: '链接可能已经过期，请重新获取观看链接。',
    },
    'phase.refused': {
        en: 'Not available in this way',
        zh: '无法用这种方式播放',
    },
    'phase.refused_hint': {
        en: '{reason} Other ways of playback may work: choose “Automatic”.',
        zh: '{reason}可以换成“自动”播放方式再试。',
    },
    'phase.no_channel': { en: 'This address names no channel', zh: '地址中没有频道' },
    'phase.no_channel_hint': {
        en: 'It should look like /watch/live/hq.',
        zh: '正确的格式类似 /watch/live/hq。',
    },
    'phase.audio_only': { en: 'Sound only', zh: '纯音频直播' },

    'lobby.soon': { en: 'Starting soon', zh: '即将开播' },
    'lobby.now': { en: 'Starting now', zh: '马上开始' },
    'lobby.in_days': { en: 'in {d} d {h} h', zh: '还有 {d} 天 {h} 小时' },
    'lobby.in_hours': { en: 'in {h} h {m} min', zh: '还有 {h} 小时 {m} 分' },
    'lobby.in_minutes': { en: 'in {m} min {s} s', zh: '还有 {m} 分 {s} 秒' },
    'lobby.in_seconds': { en: 'in {s} s', zh: '还有 {s} 秒' },
    'closed.title': { en: 'This channel is closed', zh: '本频道已关闭' },
    'closed.hint': {
        en: 'The store has closed it for now. This page starts playing by itself when it opens.',
        zh: '门店已暂时关闭直播。重新开放后，本页会自动播放。',
    },
    'after.replay': {
        en: 'The broadcast is over. This is its replay.',
        zh: '直播已结束，正在播放回放。',
    },
    'after.live_again': { en: 'This channel is live again.', zh: '本频道又开播了。' },
    'after.go_live': { en: 'Watch live', zh: '观看直播' },

    'quality.label': { en: 'Quality', zh: '清晰度' },
    'quality.auto': { en: 'Automatic', zh: '自动' },
    'quality.height': { en: '{n}p', zh: '{n}p' },

    'player.label': { en: 'Playback', zh: '播放方式' },
    'player.auto': { en: 'Automatic', zh: '自动' },
    'player.whep': { en: 'WebRTC', zh: 'WebRTC' },
    'player.llhls': { en: 'LL-HLS', zh: 'LL-HLS' },
    'player.flv': { en: 'HTTP-FLV', zh: 'HTTP-FLV' },
    'player.wsflv': { en: 'WS-FLV', zh: 'WS-FLV' },
    'player.dvr': { en: 'HLS, back in time', zh: 'HLS 时移' },
    'player.hls': { en: 'Browser’s own HLS', zh: '浏览器自带 HLS' },
    'notice.switched': {
        en: '{reason} Now playing with {player}.',
        zh: '{reason}已切换到 {player}。',
    },
    'reason.codec': {
        en: 'This browser cannot show the host’s video that way.',
        zh: '当前浏览器无法用这种方式播放主播的画面。',
    },
    'reason.unknown': { en: 'Playback was interrupted.', zh: '播放遇到问题。' },
    'reason.blocked': {
        en: 'This network does not let real-time video through.',
        zh: '当前网络不支持实时播放。',
    },
    'reason.unreachable': {
        en: 'The server did not answer in time.',
        zh: '服务器没有及时响应。',
    },
    'reason.webrtc_off': {
        en: 'This server has WebRTC switched off.',
        zh: '服务器未开启 WebRTC。',
    },
    'reason.full': {
        en: 'The server has no room for more viewers in real time.',
        zh: '服务器的实时观看人数已满。',
    },
    'reason.b_frames': {
        en: 'The host’s encoder uses B-frames, which real-time playback cannot show.',
        zh: '主播的编码器使用了 B 帧，无法实时播放。',
    },
    'reason.no_common_codec': {
        en: 'This browser cannot play the host’s codec in real time.',
        zh: '当前浏览器无法实时播放主播的编码格式。',
    },

    'stats.title': { en: 'Statistics', zh: '统计' },
    'stats.player': { en: 'Protocol', zh: '播放协议' },
    'stats.latency': { en: 'Behind live', zh: '延迟' },
    'stats.buffer': { en: 'Buffer', zh: '缓冲' },
    'stats.stalls': { en: 'Stalls', zh: '卡顿' },
    'stats.stalls_value': { en: '{n} ({time} s)', zh: '{n} 次（{time} 秒）' },
    'stats.frames': { en: 'Frames decoded', zh: '已解码帧' },
    'stats.dropped': { en: 'Frames dropped', zh: '丢弃帧' },
    'stats.rtt': { en: 'Round trip', zh: '往返时间' },
    'stats.loss': { en: 'Packets lost', zh: '丢包率' },
    'stats.freezes': { en: 'Freezes', zh: '冻结' },
    'stats.reason': { en: 'Why not WebRTC', zh: '未用 WebRTC 的原因' },
    'stats.resolution': { en: 'Resolution', zh: '分辨率' },
    'stats.bitrate': { en: 'Bitrate', zh: '码率' },
    'stats.codecs': { en: 'Codecs', zh: '编码' },
} as const satisfies Words;
