// SPDX-License-Identifier: Apache-2.0
// Replays, clips, and going back in a live.

import type { Words } from './words';

export const REPLAY = {
    'kind.replay': { en: 'Replay', zh: '回放' },
    'kind.clip': { en: 'Clip', zh: '片段' },

    'seek.label': { en: 'Position', zh: '播放进度' },
    'seek.back': { en: 'Back 10 seconds', zh: '后退 10 秒' },
    'seek.forward': { en: 'Forward 10 seconds', zh: '前进 10 秒' },
    'speed.label': { en: 'Speed', zh: '播放速度' },
    'speed.value': { en: '{n}×', zh: '{n}×' },

    'replay.loading': { en: 'Loading…', zh: '正在加载…' },
    'replay.gone': { en: 'This recording is not here', zh: '没有这段录像' },
    'replay.gone_hint': {
        en: 'It may have been deleted, or the address is not complete.',
        zh: '它可能已被删除，或者地址不完整。',
    },
    'replay.forbidden': { en: 'You may not watch this recording', zh: '您没有观看权限' },
    'replay.forbidden_hint': {
        en: 'The link may have expired. Please ask for a new one.',
        zh: '链接可能已经过期，请重新获取观看链接。',
    },
    'replay.network': { en: 'Cannot reach the server', zh: '无法连接服务器' },
    'replay.network_hint': {
        en: 'Please check your network. We keep trying.',
        zh: '请检查网络，正在不断重试。',
    },
    'replay.media': { en: 'This browser cannot play the recording', zh: '当前浏览器无法播放这段录像' },
    'replay.media_hint': {
        en: 'Its codec may be the reason. Please try another browser.',
        zh: '可能是编码不受支持，请换一个浏览器。',
    },
    'replay.making': { en: 'The clip is being made…', zh: '片段正在制作…' },
    'replay.making_hint': {
        en: 'It plays here as soon as it is ready.',
        zh: '完成后会在这里自动播放。',
    },
    'replay.failed': { en: 'The clip could not be made', zh: '片段制作失败' },
    'replay.failed_hint': {
        en: 'Please ask whoever sent you the link.',
        zh: '请联系给您链接的人。',
    },
    'replay.still_live': { en: 'This broadcast is still live.', zh: '这场直播还在进行。' },
    'replay.go_live': { en: 'Watch live', zh: '观看直播' },
    'replay.download': { en: 'Download', zh: '下载' },
    'replay.gaps': {
        en: 'Breaks in the broadcast: {n} (marked on the bar)',
        zh: '直播中断 {n} 次，已在进度条上标出',
    },

    'ended.replay': { en: 'Watch the replay', zh: '观看回放' },

    'dvr.label': { en: 'Go back in time', zh: '时移回看' },
    'dvr.behind': { en: '−{time}', zh: '−{time}' },
    'dvr.at': { en: '−{time} · {clock}', zh: '−{time} · {clock}' },
    'dvr.failed': {
        en: 'Going back does not work right now. You are watching live again.',
        zh: '暂时无法回看，已回到直播。',
    },
    'dvr.back_to_live': { en: 'Back to live', zh: '回到直播' },
} as const satisfies Words;
