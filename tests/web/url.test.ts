// SPDX-License-Identifier: Apache-2.0
import { sourceUrl } from '../../src/web/src/player/source';
import { channelFromPath, mediaUrl, pageUrl, passedQuery, pushAddress } from '../../src/web/src/url';

describe('channelFromPath', () => {
    it('reads app and stream', () => {
        expect(channelFromPath('/watch/live/hq')).toBe('live/hq');
        expect(channelFromPath('/embed/store/0571/')).toBe('store/0571');
        expect(channelFromPath('/watch/live/%E5%BA%97')).toBe('live/店');
        expect(channelFromPath('/watch/brand/shop/hq')).toBe('brand/shop/hq');
    });

    it('refuses what names no channel', () => {
        for (const path of ['/', '/watch', '/watch/live', '/watch//hq', '/watch/a/%E5']) {
            expect(channelFromPath(path), path).toBeNull();
        }
    });
});

describe('passedQuery', () => {
    it('keeps everything but what speaks to the page', () => {
        expect(passedQuery('')).toBe('');
        expect(passedQuery('?player=flv&protocol=whep&lang=zh')).toBe('');
        expect(passedQuery('?guide=007&player=flv&token=a%2Bb')).toBe('?guide=007&token=a%2Bb');
        expect(passedQuery('?players=2')).toBe('?players=2');
    });

    it('leaves the spelling alone, signatures depend on it', () => {
        expect(passedQuery('?sign=A+b%2f==&lang=en&t')).toBe('?sign=A+b%2f==&t');
    });
});

describe('addresses', () => {
    const origin = 'https://live.example.com';

    it('points to the media', () => {
        expect(mediaUrl(origin, 'live/hq', 'index')).toBe(`${origin}/live/hq/index.m3u8`);
        expect(mediaUrl(origin, 'live/hq', 'audio')).toBe(`${origin}/live/hq/audio.m3u8`);
        expect(mediaUrl(origin, 'live/hq', 'flv', '?guide=1&lang=zh')).toBe(`${origin}/live/hq.flv?guide=1`);
        expect(mediaUrl(origin, 'live/hq', 'wsflv')).toBe('wss://live.example.com/live/hq.flv');
        expect(mediaUrl(origin, 'live/hq', 'whep', '?token=a')).toBe(`${origin}/live/hq/whep?token=a`);
        expect(mediaUrl(origin, 'live/hq', 'whip')).toBe(`${origin}/live/hq/whip`);
        expect(mediaUrl('http://h:8080', 'live/店', 'wsflv')).toBe('ws://h:8080/live/%E5%BA%97.flv');
    });

    it('points to the pages', () => {
        expect(pageUrl(origin, 'watch', 'live/hq', '?guide=1&player=flv')).toBe(`${origin}/watch/live/hq?guide=1`);
    });

    it('tells OBS where to push', () => {
        expect(pushAddress('h', 1935, 'live/hq')).toEqual({ server: 'rtmp://h/live', key: 'hq?key=' });
        expect(pushAddress('[::1]', 2935, 'store/1').server).toBe('rtmp://[::1]:2935/store');
    });
});

describe('sourceUrl', () => {
    const at = (search: string): { origin: string; search: string } => ({ origin: 'http://h', search });

    it('gives each player its address', () => {
        expect(sourceUrl(at('?guide=7'), 'live/hq', 'llhls', false)).toBe('http://h/live/hq/index.m3u8?guide=7');
        expect(sourceUrl(at(''), 'live/hq', 'wsflv', false)).toBe('ws://h/live/hq.flv');
    });

    it('asks the server for a quality where the player cannot choose', () => {
        expect(sourceUrl(at('?guide=7'), 'live/hq', 'flv', false, 1))
            .toBe('http://h/live/hq.flv?guide=7&rendition=1');
        expect(sourceUrl(at(''), 'live/hq', 'whep', false, 0)).toBe('http://h/live/hq/whep?rendition=0');
    });

    it('knows where the sound alone is', () => {
        expect(sourceUrl(at('?guide=7'), 'live/hq', 'hls', true)).toBe('http://h/live/hq/audio.m3u8?guide=7');
        expect(sourceUrl(at('?guide=7'), 'live/hq', 'flv', true)).toBe('http://h/live/hq.flv?guide=7&only=audio');
        expect(sourceUrl(at(''), 'live/hq', 'whep', true)).toBe('http://h/live/hq/whep');
        expect(sourceUrl(at(''), 'live/hq', 'flv', true)).toBe('http://h/live/hq.flv?only=audio');
    });
});
