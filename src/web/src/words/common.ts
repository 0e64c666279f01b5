// SPDX-License-Identifier: Apache-2.0
// What several pages say.

import type { Words } from './words';

export const COMMON = {
    'lang.switch': { en: '中文', zh: 'English' },
    'lang.switch_label': { en: '切换到中文', zh: 'Switch to English' },

    'state.live': { en: 'Live', zh: '直播中' },
    'state.waiting': { en: 'Reconnecting', zh: '重连中' },
    'state.lobby': { en: 'Starting soon', zh: '即将开始' },
    'state.ended': { en: 'Over', zh: '已结束' },
    'state.closed': { en: 'Closed', zh: '已关闭' },
    'state.offline': { en: 'Offline', zh: '未开播' },
    'viewers': { en: '{n} watching', zh: '{n} 人在看' },
    'on_air': { en: 'on air {time}', zh: '已播 {time}' },

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

    'seconds': { en: '{n} s', zh: '{n} 秒' },
    'milliseconds': { en: '{n} ms', zh: '{n} 毫秒' },
    'unknown': { en: '–', zh: '–' },
} as const satisfies Words;
