// SPDX-License-Identifier: Apache-2.0
// The operator's page of channels.

import type { Words } from './words';

export const CHANNELS = {
    'channels.title': { en: 'Channels', zh: '频道' },
    'channels.what': {
        en: 'What is on air, sources, schedules, restreams',
        zh: '播出状态、信号源、开播计划与转推',
    },
    'channels.none': {
        en: 'No channels yet. They appear when somebody publishes, or when the configuration names them.',
        zh: '还没有频道。有人推流，或在配置文件中写入频道后，会显示在这里。',
    },
    'channels.find': { en: 'Find a channel', zh: '查找频道' },
    'channels.shows': { en: 'On air: {name}', zh: '正在播出：{name}' },
    'channels.shows_own': { en: 'On air: its own host', zh: '正在播出：本频道主播' },
    'channels.shows_slate': { en: 'On air: the slate', zh: '正在播出：垫片' },
    'channels.shows_nothing': { en: 'Nothing is on air', zh: '当前没有画面' },
    'channels.viewers': { en: '{n} watching', zh: '{n} 人在看' },
    'channels.cut': { en: 'Cut the next {n} s', zh: '切掉接下来的 {n} 秒' },
    'channels.watch': { en: 'Watch', zh: '观看' },

    'channels.open': { en: 'Open', zh: '已开放' },
    'channels.closed': { en: 'Closed', zh: '已关闭' },
    'channels.close': { en: 'Close the channel', zh: '关闭频道' },
    'channels.reopen': { en: 'Open the channel', zh: '开放频道' },
    'channels.close_question': { en: 'Close {channel}?', zh: '关闭 {channel}？' },
    'channels.close_detail': {
        en: 'Its viewers and its host are disconnected at once, and nobody gets in until you open it again.',
        zh: '观众和主播会立即断开，重新开放之前谁也进不来。',
    },

    'sources.title': { en: 'Sources', zh: '信号源' },
    'sources.auto': { en: 'Automatic', zh: '自动' },
    'sources.auto_hint': {
        en: 'The first source of the list that is there goes on air.',
        zh: '按顺序自动选用第一个可用的信号源。',
    },
    'sources.manual_hint': {
        en: 'Chosen by hand. “Automatic” lets the list decide again.',
        zh: '已手动选择。点“自动”恢复按顺序选用。',
    },
    'sources.take': { en: 'Put on air', zh: '切到此源' },
    'sources.publisher': { en: 'Host', zh: '主播推流' },
    'sources.publisher_role': { en: 'Host “{role}”', zh: '推流“{role}”' },
    'sources.backup': { en: 'Backup host', zh: '备用推流' },
    'sources.channel': { en: 'Channel {name}', zh: '频道 {name}' },
    'sources.pull': { en: 'Pulled stream', zh: '拉流' },
    'sources.file': { en: 'File', zh: '文件' },
    'sources.slate': { en: 'Slate', zh: '垫片' },
    'sources.down': { en: 'not there', zh: '无信号' },
    'sources.standby': { en: 'ready', zh: '就绪' },
    'sources.on_air': { en: 'on air', zh: '播出中' },

    'schedule.title': { en: 'Schedule', zh: '开播计划' },
    'schedule.none': { en: 'None: on air whenever a host is.', zh: '无计划：有推流就播出。' },
    'schedule.edit': { en: 'Edit', zh: '编辑' },
    'schedule.set': { en: 'Set a schedule', zh: '设置计划' },
    'schedule.name': { en: 'Title for viewers', zh: '显示给观众的标题' },
    'schedule.starts': { en: 'Starts', zh: '开始' },
    'schedule.ends': { en: 'Ends', zh: '结束' },
    'schedule.keys': { en: 'Hosts may connect from', zh: '允许主播接入的时间' },
    'schedule.keys_hint': { en: 'Empty: half an hour before the start', zh: '不填：开始前半小时' },
    'schedule.record': { en: 'Recording', zh: '录制' },
    'schedule.record_default': { en: 'As configured', zh: '按默认设置' },
    'schedule.record_yes': { en: 'Record', zh: '录制' },
    'schedule.record_no': { en: 'Do not record', zh: '不录制' },
    'schedule.save': { en: 'Save', zh: '保存' },
    'schedule.delete': { en: 'Delete', zh: '删除' },
    'schedule.fixed': {
        en: 'From the configuration file; change it there.',
        zh: '来自配置文件，请在文件中修改。',
    },
    'schedule.phase.early': { en: 'Hosts may not connect yet', zh: '主播暂不能接入' },
    'schedule.phase.lobby': { en: 'Lobby: hosts may connect', zh: '候播：主播可接入' },
    'schedule.phase.on': { en: 'Running', zh: '进行中' },
    'schedule.phase.over': { en: 'Over', zh: '已结束' },
    'schedule.from': { en: 'from {time}', zh: '{time} 开始' },
    'schedule.until': { en: 'until {time}', zh: '{time} 结束' },

    'pushes.title': { en: 'Restreams', zh: '转推' },
    'pushes.start': { en: 'Start', zh: '开始' },
    'pushes.stop': { en: 'Stop', zh: '停止' },
    'pushes.off': { en: 'stopped', zh: '已停止' },
    'pushes.connecting': { en: 'connecting', zh: '连接中' },
    'pushes.waiting': { en: 'waiting', zh: '等待中' },
    'pushes.live': { en: 'running', zh: '转推中' },
    'pushes.failed': { en: 'failed', zh: '失败' },

    'console.error.source_down': { en: 'This source is not there now.', zh: '该信号源当前不可用。' },
    'console.error.bad_schedule': { en: 'These times do not fit together: {detail}', zh: '时间设置有误：{detail}' },
    'console.error.configured': {
        en: 'The configuration file decides this; change it there.',
        zh: '由配置文件决定，请在文件中修改。',
    },
} as const satisfies Words;
