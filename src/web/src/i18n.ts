// SPDX-License-Identifier: Apache-2.0
// Every word on the pages, in every language they speak.

import { remember, remembered } from './store';

export type Lang = 'en' | 'zh';

// {name} is replaced; [[…]] is left out when a name inside it has no value.
export const TABLE = {
    'lang.switch': { en: '中文', zh: 'English' },
    'lang.switch_label': { en: '切换到中文', zh: 'Switch to English' },

    'state.live': { en: 'Live', zh: '直播中' },
    'state.waiting': { en: 'Reconnecting', zh: '重连中' },
    'state.offline': { en: 'Offline', zh: '未开播' },
    'viewers': { en: '{n} watching', zh: '{n} 人在看' },
    'on_air': { en: 'on air {time}', zh: '已播 {time}' },

    'phase.connecting': { en: 'Connecting…', zh: '正在连接…' },
    'phase.buffering': { en: 'Loading…', zh: '正在缓冲…' },
    'phase.waiting': { en: 'The host is reconnecting…', zh: '主播正在重新连接…' },
    'phase.waiting_hint': {
        en: 'Stay here. The picture comes back by itself.',
        zh: '请不要离开，画面会自动恢复。',
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
    'to_start': { en: 'See what is live', zh: '查看正在直播的频道' },
    'retry': { en: 'Try again', zh: '重试' },
    'listen_only': { en: 'Listen only', zh: '只听声音' },

    'control.play': { en: 'Play', zh: '播放' },
    'control.pause': { en: 'Pause', zh: '暂停' },
    'control.mute': { en: 'Mute', zh: '静音' },
    'control.unmute': { en: 'Sound on', zh: '打开声音' },
    'control.volume': { en: 'Volume', zh: '音量' },
    'control.fullscreen': { en: 'Full screen', zh: '全屏' },
    'control.pip': { en: 'Picture in picture', zh: '画中画' },
    'control.live': { en: 'Live', zh: '实时' },
    'control.live_label': { en: 'Jump to live', zh: '跳到最新画面' },
    'control.video': { en: 'Live video', zh: '直播画面' },
    'tap_sound': { en: 'Tap for sound', zh: '点击打开声音' },
    'tap_play': { en: 'Tap to play', zh: '点击播放' },

    'share': { en: 'Copy link', zh: '复制链接' },
    'copy': { en: 'Copy', zh: '复制' },
    'copied': { en: 'Copied', zh: '已复制' },
    'copy_failed': { en: 'Press Ctrl+C', zh: '请手动复制' },

    'quality.label': { en: 'Quality', zh: '清晰度' },
    'quality.auto': { en: 'Automatic', zh: '自动' },
    'quality.height': { en: '{n}p', zh: '{n}p' },

    'player.label': { en: 'Playback', zh: '播放方式' },
    'player.auto': { en: 'Automatic', zh: '自动' },
    'player.whep': { en: 'WebRTC', zh: 'WebRTC' },
    'player.llhls': { en: 'LL-HLS', zh: 'LL-HLS' },
    'player.flv': { en: 'HTTP-FLV', zh: 'HTTP-FLV' },
    'player.wsflv': { en: 'WS-FLV', zh: 'WS-FLV' },
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
    'seconds': { en: '{n} s', zh: '{n} 秒' },
    'milliseconds': { en: '{n} ms', zh: '{n} 毫秒' },
    'unknown': { en: '–', zh: '–' },

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

    'golive.title': { en: 'Go live', zh: '开播' },
    'golive.enable': { en: 'Turn on camera and microphone', zh: '打开摄像头和麦克风' },
    'golive.enable_title': { en: 'Ready to go live?', zh: '准备开播' },
    'golive.enable_hint': {
        en: 'Your browser will ask for permission. Nothing is sent before you press “Go live”.',
        zh: '浏览器会请求授权。点击“开始直播”之前不会发送任何画面。',
    },
    'golive.opening': { en: 'Opening the camera…', zh: '正在打开摄像头…' },
    'golive.start': { en: 'Go live', zh: '开始直播' },
    'golive.stop': { en: 'Stop', zh: '结束直播' },
    'golive.cancel': { en: 'Cancel', zh: '取消' },
    'golive.preview': { en: 'Preview', zh: '预览' },
    'golive.level': { en: 'Sound level', zh: '音量' },
    'golive.mute': { en: 'Mute the microphone', zh: '关闭麦克风' },
    'golive.unmute': { en: 'Turn the microphone on', zh: '打开麦克风' },
    'golive.flip': { en: 'Turn the camera around', zh: '切换前后摄像头' },
    'golive.screen': { en: 'Share the screen', zh: '共享屏幕' },
    'golive.screen_stop': { en: 'Back to the camera', zh: '回到摄像头' },
    'golive.camera': { en: 'Camera', zh: '摄像头' },
    'golive.camera_n': { en: 'Camera {n}', zh: '摄像头 {n}' },
    'golive.microphone': { en: 'Microphone', zh: '麦克风' },
    'golive.microphone_n': { en: 'Microphone {n}', zh: '麦克风 {n}' },
    'golive.quality': { en: 'Quality', zh: '画质' },
    'golive.key': { en: 'Publish key', zh: '推流密钥' },
    'golive.key_hint': {
        en: 'From whoever runs this server. Kept only until this tab is closed.',
        zh: '请向服务器管理员索取。只在本标签页关闭前保留。',
    },
    'golive.link': { en: 'Where viewers watch', zh: '观看地址' },
    'golive.open_link': { en: 'Open', zh: '打开' },
    'golive.state.idle': { en: 'Not live', zh: '未开播' },
    'golive.state.connecting': { en: 'Connecting', zh: '连接中' },
    'golive.state.live': { en: 'Live', zh: '直播中' },
    'golive.state.reconnecting': { en: 'Reconnecting', zh: '重连中' },
    'golive.state.refused': { en: 'Not live', zh: '未开播' },
    'golive.say.closed': { en: 'The camera is off.', zh: '摄像头未打开。' },
    'golive.say.ready': { en: 'Ready. Nobody sees you yet.', zh: '准备就绪，观众还看不到您。' },
    'golive.say.connecting': { en: 'Connecting to the server…', zh: '正在连接服务器…' },
    'golive.say.live': { en: 'You are live.', zh: '正在直播。' },
    'golive.say.weak': { en: 'Your network is weak.', zh: '当前网络较弱。' },
    'golive.say.weak_hint': {
        en: '{rate} of {wanted} get through[[, {loss} % are lost]][[, {rtt} ms round trip]]. Move closer to the Wi-Fi, or choose a lower quality.',
        zh: '目标 {wanted}，实际只有 {rate}[[，丢包 {loss}%]][[，往返 {rtt} 毫秒]]。请靠近 Wi-Fi，或选择较低画质。',
    },
    'golive.say.cpu': { en: 'This device cannot keep up.', zh: '设备性能不足。' },
    'golive.say.cpu_hint': {
        en: 'Only [[{fps} ]]pictures a second are sent. Choose a lower quality or close other apps.',
        zh: '每秒只能发送[[ {fps} ]]帧画面。请选择较低画质，或关闭其他应用。',
    },
    'golive.say.codec_hint': {
        en: 'But this browser sends {codec}: only viewers with WebRTC see you, mini programs and HLS do not. Chrome, Edge and Safari send H.264.',
        zh: '但当前浏览器发送的是 {codec}：只有 WebRTC 观众能看到，小程序和 HLS 观众看不到。请改用 Chrome、Edge 或 Safari（H.264）。',
    },
    'golive.say.reconnecting': {
        en: 'The connection broke. Reconnecting…',
        zh: '连接中断，正在重新连接…',
    },
    'golive.say.reconnecting_hint': {
        en: 'Stay on this page. Viewers are told that you will be back.',
        zh: '请不要离开本页，观众会看到“主播正在重新连接”。',
    },
    'golive.say.retrying': { en: 'Trying again…', zh: '正在重试…' },
    'golive.say.refused': { en: 'The broadcast did not start.', zh: '未能开播。' },
    'golive.insecure': {
        en: 'Camera and microphone need a secure address',
        zh: '摄像头和麦克风需要安全地址',
    },
    'golive.insecure_hint': {
        en: 'Browsers allow them only on pages that came by https, or from localhost. This one came by http.',
        zh: '浏览器只允许 https 页面（或 localhost）使用摄像头和麦克风，而当前页面是 http。',
    },
    'golive.insecure_go': { en: 'Open by https', zh: '用 https 打开' },
    'golive.insecure_none': {
        en: 'This server has no https yet. Ask whoever runs it, or go live with OBS.',
        zh: '服务器尚未启用 https。请联系管理员，或使用 OBS 开播。',
    },
    'golive.no_webrtc': {
        en: 'This browser cannot send video. Please use a current Chrome, Edge, Firefox or Safari.',
        zh: '当前浏览器无法推流。请使用新版 Chrome、Edge、Firefox 或 Safari。',
    },
    'golive.no_channel_hint': {
        en: 'It should look like /go-live/live/hq.',
        zh: '正确的格式类似 /go-live/live/hq。',
    },
    'golive.error.denied': {
        en: 'The browser was not allowed to use camera and microphone. Allow it in the address bar or in the settings, then try again.',
        zh: '没有获得摄像头和麦克风权限。请在地址栏或系统设置中允许，然后重试。',
    },
    'golive.error.no_device': {
        en: 'No camera or microphone was found.',
        zh: '没有找到摄像头或麦克风。',
    },
    'golive.error.busy_device': {
        en: 'The camera or microphone is in use by another app. Close that and try again.',
        zh: '摄像头或麦克风正被其他应用占用。请关闭后重试。',
    },
    'golive.error.lost_device': {
        en: 'The camera or microphone was disconnected. Choose another one.',
        zh: '摄像头或麦克风已断开，请重新选择。',
    },
    'golive.error.device': {
        en: 'The camera did not open ({detail}).',
        zh: '无法打开摄像头（{detail}）。',
    },
    'golive.error.unreachable': {
        en: 'The server does not answer. Please check your network.',
        zh: '服务器没有响应，请检查网络。',
    },
    'golive.error.blocked': {
        en: 'The server answers, but no media gets through. The network may block its port for WebRTC; try another network.',
        zh: '服务器有响应，但音视频无法送达。当前网络可能屏蔽了 WebRTC 端口，请换一个网络。',
    },
    'golive.error.key': {
        en: 'The publish key is wrong or not allowed for this channel.',
        zh: '推流密钥错误，或无权使用该频道。',
    },
    'golive.error.no_key': {
        en: 'This server asks for a publish key. Type it below.',
        zh: '服务器需要推流密钥，请在下方填写。',
    },
    'golive.error.busy': {
        en: 'Somebody else is live on this channel.',
        zh: '该频道正在被其他人使用。',
    },
    'golive.error.no_whip': {
        en: 'This server does not accept broadcasts from browsers (WebRTC is off).',
        zh: '服务器未开启浏览器推流（WebRTC 已关闭）。',
    },
    'golive.error.codec': {
        en: 'Server and browser have no codec in common ({detail}).',
        zh: '服务器与浏览器没有共同支持的编码（{detail}）。',
    },
    'golive.error.server': {
        en: 'The server cannot take the broadcast right now ({detail}).',
        zh: '服务器暂时无法接收直播（{detail}）。',
    },
    'golive.error.refused': {
        en: 'The server refused the broadcast ({detail}).',
        zh: '服务器拒绝了直播（{detail}）。',
    },

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
} as const satisfies Record<string, Record<Lang, string>>;

export type Key = keyof typeof TABLE;
export type Params = Record<string, string | number>;

let current: Lang = 'en';

export function fill(template: string, params: Params): string {
    const value = (name: string): string | null => {
        const known = Object.prototype.hasOwnProperty.call(params, name) ? params[name] : undefined;
        return known === undefined ? null : String(known);
    };
    return template
        .replace(/\[\[(.*?)\]\]/g, (_all, inner: string) => {
            const names = [...inner.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
            return names.every((name) => value(name) !== null) ? inner : '';
        })
        .replace(/\{(\w+)\}/g, (all, name: string) => value(name) ?? all);
}

export function t(key: Key, params: Params = {}): string {
    return fill(TABLE[key][current], params);
}

export function isKey(key: string): key is Key {
    return Object.prototype.hasOwnProperty.call(TABLE, key);
}

export function language(): Lang {
    return current;
}

// The address decides, then what the viewer chose before, then the browser.
export function pickLanguage(query: string | null, stored: string | null,
    preferred: readonly string[]): Lang {
    for (const candidate of [query, stored, ...preferred]) {
        const code = candidate?.toLowerCase() ?? '';
        if (code.startsWith('zh')) {
            return 'zh';
        }
        if (code.startsWith('en')) {
            return 'en';
        }
    }
    return 'en';
}

export function initLanguage(): void {
    const query = new URLSearchParams(window.location.search).get('lang');
    const preferred = navigator.languages?.length ? navigator.languages : [navigator.language];
    apply(pickLanguage(query, remembered('lang'), preferred));
}

export function switchLanguage(): void {
    const next = current === 'en' ? 'zh' : 'en';
    remember('lang', next);
    apply(next);
}

function apply(lang: Lang): void {
    current = lang;
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
}
