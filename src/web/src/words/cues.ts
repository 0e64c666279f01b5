// SPDX-License-Identifier: Apache-2.0
// What lies over the picture.

import type { Words } from './words';

export const CUES = {
    'cue.product': { en: 'Product', zh: '商品' },
    'cue.coupon': { en: 'Coupon', zh: '优惠券' },
    'cue.draw': { en: 'Lucky draw', zh: '抽奖' },
    'cue.text': { en: 'Announcement', zh: '公告' },
    'cue.custom': { en: 'Message', zh: '消息' },
} as const satisfies Words;
