// SPDX-License-Identifier: Apache-2.0
// Before the start and while the channel is closed: a card in place of the picture, or a line
// over it while the lobby's slate plays.

import { t } from '../i18n';
import { el, setText, show } from '../ui/dom';
import type { About } from './about';
import { countdownText, startText } from './countdown';
import type { WatchSession } from './session';

export interface Lobby {
    element: HTMLElement;
    update(session: WatchSession, about: About | null): void;
}

export function makeLobby(stage: HTMLElement): Lobby {
    const small = el('p', { class: 'lobby-small' });
    const title = el('p', { class: 'lobby-title' });
    const left = el('p', { class: 'lobby-left' });
    const hint = el('p', { class: 'lobby-hint' });
    const element = el('div', { class: 'lobby', role: 'status', hidden: true }, small, title, left, hint);

    function update(session: WatchSession, about: About | null): void {
        const before = about?.state === 'lobby';
        const closed = about?.state === 'closed';
        const playing = session.phase === 'playing' || session.video.videoWidth > 0;
        show(element, before || closed);
        element.classList.toggle('over-picture', before && playing);
        stage.classList.toggle('has-card', (before && !playing) || closed);
        if (about === null || !(before || closed)) {
            return;
        }
        const starts_ms = about.starts_ms;
        const left_ms = starts_ms === null ? null : starts_ms - (Date.now() + about.ahead_ms);
        setText(small, before ? t('lobby.soon') : '');
        setText(title, closed ? t('closed.title') : about.title || session.channel);
        setText(left, closed || left_ms === null ? '' : countdownText(left_ms));
        setText(hint, closed ? t('closed.hint')
            : starts_ms === null ? t('phase.offline_hint') : startText(starts_ms));
    }

    return { element, update };
}
