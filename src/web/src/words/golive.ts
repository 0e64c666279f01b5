// SPDX-License-Identifier: Apache-2.0
// The page for hosts.

import type { Words } from './words';

export const GOLIVE = {
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
} as const satisfies Words;
