// SPDX-License-Identifier: Apache-2.0
import { fill, isKey, pickLanguage, TABLE } from '../../src/web/src/i18n';
import { adviceText } from '../../src/web/src/start/cards';

const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe('the table of words', () => {
    it.each(Object.entries(TABLE))('%s is complete', (_key, { en, zh }) => {
        expect(en.trim()).not.toBe('');
        expect(zh.trim()).not.toBe('');
        expect(holes(zh)).toEqual(holes(en));
    });

    it('has a text for every state and phase that is shown', () => {
        const phases = ['connecting', 'buffering', 'waiting', 'offline', 'ended', 'unreachable', 'reconnecting',
            'unsupported', 'codec', 'forbidden', 'refused'];
        const hinted = phases.slice(2);
        expect(phases.filter((phase) => !isKey(`phase.${phase}`))).toEqual([]);
        expect(hinted.filter((phase) => !isKey(`phase.${phase}_hint`))).toEqual([]);
    });
});

describe('fill', () => {
    it('replaces what it knows', () => {
        expect(fill('{a} of {b}', { a: 1, b: 'two' })).toBe('1 of two');
        expect(fill('{a} {toString}', { a: 0 })).toBe('0 {toString}');
    });

    it('leaves optional parts out', () => {
        expect(fill('slow[[ ({kbps} kbit/s)]]!', {})).toBe('slow!');
        expect(fill('slow[[ ({kbps} kbit/s)]]!', { kbps: 90 })).toBe('slow (90 kbit/s)!');
    });
});

describe('pickLanguage', () => {
    it('goes by address, memory, browser', () => {
        expect(pickLanguage('zh', 'en', ['en'])).toBe('zh');
        expect(pickLanguage(null, 'en', ['zh-CN'])).toBe('en');
        expect(pickLanguage(null, null, ['fr-FR', 'zh-Hant-TW', 'en'])).toBe('zh');
        expect(pickLanguage('xx', null, ['fr'])).toBe('en');
    });
});

describe('advice', () => {
    it('is translated by its code, and shown as sent when the code is new', () => {
        const params = { gop_s: 8.3 };
        expect(adviceText({ code: 'gop_long', params, message: 'm' })).toContain('8.3 s');
        expect(adviceText({ code: 'brand_new', params: {}, message: 'Do this' })).toBe('Do this');
    });
});
