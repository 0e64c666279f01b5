// SPDX-License-Identifier: Apache-2.0
// The start page, and advice to hosts.

import type { Words } from './words';

export const START = {
    'start.title': { en: 'Live streaming server', zh: '直播服务器' },
    'start.what': {
        en: 'A live server for shops: a host goes live with OBS or a phone’s browser, and viewers watch within a second in mini programs and browsers.',
        zh: '面向门店的直播服务器：主播用 OBS 或手机浏览器开播，观众在小程序和浏览器里一秒内就能看到。',
    },
    'start.live_now': { en: 'Live now', zh: '正在直播' },
    'start.nothing': { en: 'Nothing is live at the moment', zh: '现在没有直播' },
    'start.nothing_hint': {
        en: 'Start a broadcast with the settings below; it appears here by itself.',
        zh: '按下面的设置开始推流，频道会自动出现在这里。',
    },
    'start.unreachable': {
        en: 'The server does not answer. Trying again…',
        zh: '服务器没有响应，正在重试…',
    },
    'start.watch': { en: 'Watch', zh: '观看' },
    'start.sound_only': { en: 'sound only', zh: '纯音频' },
    'start.no_sound': { en: 'no sound', zh: '无声音' },
    'start.channel': { en: 'Channel', zh: '频道' },
    'start.channel_hint': { en: 'app/stream, for example live/hq', zh: '应用/流名，例如 live/hq' },
    'start.push': { en: 'Go live with OBS', zh: '用 OBS 开播' },
    'start.push_where': {
        en: 'In OBS: Settings → Stream → Service “Custom…”',
        zh: '在 OBS 中：设置 → 直播 → 服务选择“自定义…”',
    },
    'start.server': { en: 'Server', zh: '服务器' },
    'start.key': { en: 'Stream key', zh: '推流码' },
    'start.key_placeholder': { en: 'KEY', zh: '密钥' },
    'start.key_where': {
        en: 'Replace {key} with the publish key. The server prints it at its first start and keeps it in its data directory.',
        zh: '把 {key} 换成推流密钥。服务器第一次启动时会打印它，并保存在数据目录中。',
    },
    'start.obs_advice': {
        en: 'Best results: keyframe interval 2 s, B-frames 0, x264 tune zerolatency, AAC 48 kHz.',
        zh: '推荐设置：关键帧间隔 2 秒，B 帧 0，x264 调优 zerolatency，AAC 48 kHz。',
    },
    'start.whip': { en: 'WHIP (OBS 30 and later)', zh: 'WHIP（OBS 30 及以上）' },
    'start.golive': { en: 'Or go live from a browser', zh: '或用浏览器开播' },
    'start.golive_hint': {
        en: 'With the camera of a phone or laptop, nothing to install. Browsers ask for https.',
        zh: '用手机或电脑的摄像头直接开播，无需安装软件。浏览器要求使用 https。',
    },
    'start.golive_open': { en: 'Go live here', zh: '网页开播' },
    'start.view': { en: 'Addresses for viewers', zh: '观看地址' },
    'start.url.watch': { en: 'Watch page', zh: '观看页' },
    'start.url.embed': { en: 'Embedded player', zh: '嵌入播放器' },
    'start.url.index': { en: 'LL-HLS', zh: 'LL-HLS' },
    'start.url.flv': { en: 'HTTP-FLV (mini program)', zh: 'HTTP-FLV（小程序）' },
    'start.url.wsflv': { en: 'WS-FLV', zh: 'WS-FLV' },
    'start.url.whep': { en: 'WHEP (WebRTC)', zh: 'WHEP（WebRTC）' },
    'start.url.rtmp': { en: 'RTMP', zh: 'RTMP' },
    'start.url.audio': { en: 'Sound only', zh: '纯音频' },
    'start.copy_what': { en: 'Copy: {what}', zh: '复制：{what}' },
    'start.advice': { en: 'Advice to the host', zh: '给主播的建议' },

    'advice.gop_long': {
        en: 'Keyframes are [[{gop_s} s ]]too far apart, so viewers wait longer for the first picture. Set the keyframe interval to 2 s.',
        zh: '关键帧间隔太长[[（{gop_s} 秒）]]，观众要等更久才能看到画面。请把关键帧间隔设为 2 秒。',
    },
    'advice.b_frames': {
        en: 'The encoder uses B-frames, which add delay. Set B-frames (bf) to 0 or choose “zerolatency”.',
        zh: '编码器使用了 B 帧，会增加延迟。请把 B 帧（bf）设为 0，或选择 zerolatency。',
    },
    'advice.no_audio': {
        en: 'No sound arrives. Check the microphone and the audio mixer in OBS.',
        zh: '没有收到声音。请检查麦克风和 OBS 的混音器。',
    },
    'advice.no_video': {
        en: 'No picture arrives. If that is not intended, check the scene and the camera.',
        zh: '没有收到画面。如果不是有意为之，请检查场景和摄像头。',
    },
    'advice.bitrate_low': {
        en: 'The bitrate has collapsed[[ to {kbps} kbit/s]]. The host’s upload is too slow: use a cable, or lower the bitrate in OBS.',
        zh: '码率骤降[[至 {kbps} kbit/s]]。主播的上行网络太慢：请改用网线，或在 OBS 中降低码率。',
    },
    'advice.timestamps_repaired': {
        en: 'The encoder’s timestamps jumped[[ {count} times]] and were repaired. If picture and sound drift apart, restart the stream.',
        zh: '编码器的时间戳出现跳变[[（{count} 次）]]，已自动修复。如果音画不同步，请重新推流。',
    },
} as const satisfies Words;
