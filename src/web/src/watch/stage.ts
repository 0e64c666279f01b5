// SPDX-License-Identifier: Apache-2.0
// The player as people see it: picture, overlay, controls. Shared by watch and embed.

import { makeCueOverlay } from '../cues/overlay';
import { type CueListener, CueShow } from '../cues/show';
import { t } from '../i18n';
import { initialChoice, parseChoice, type PlayerName } from '../player/choose';
import type { Message, MessageListener } from '../rtc/messages';
import { remembered } from '../store';
import { el, setText, show } from '../ui/dom';
import { followShape, hideControlsWhenIdle, makeVideo, startInWeixin } from '../ui/picture';
import { makeControls } from './controls';
import { makeOverlay } from './overlay';
import type { Phase } from './phase';
import { reasonText } from './reason';
import { WatchSession, type Wish } from './session';

const TOAST_MS = 5000;
const MAX_TEXT = 200;
const GONE: readonly Phase[] = ['offline', 'ended', 'forbidden', 'unsupported', 'codec', 'refused'];

export interface Stage {
    element: HTMLElement;
    session: WatchSession;
    // Calls the listener with every message of the server; the answer ends that.
    onMessage(listener: MessageListener): () => void;
    // The same with cues, in step with the picture.
    onCue(listener: CueListener): () => void;
}

interface Still {
    element: HTMLCanvasElement;
    freeze(): void;
}

// The last picture of a player that is gone, shown until the next one has its first.
function makeStill(video: HTMLVideoElement): Still {
    const element = el('canvas', { class: 'still', hidden: true, 'aria-hidden': 'true' });
    const freeze = (): void => {
        if (video.videoWidth === 0 || video.readyState < 2) {
            return;
        }
        element.width = video.videoWidth;
        element.height = video.videoHeight;
        element.getContext('2d')?.drawImage(video, 0, 0);
        show(element, true);
    };
    return { element, freeze };
}

interface Toast {
    element: HTMLElement;
    say(text: string): void;
}

function makeToast(): Toast {
    const element = el('div', { class: 'toast', role: 'status', hidden: true });
    let timer = 0;
    const say = (text: string): void => {
        setText(element, text.slice(0, MAX_TEXT));
        show(element, true);
        window.clearTimeout(timer);
        timer = window.setTimeout(() => show(element, false), TOAST_MS);
    };
    return { element, say };
}

// ?protocol= insists, ?player= and the viewer's own choice only come first.
function wishOf(search: string): Wish {
    const query = new URLSearchParams(search);
    const forced = parseChoice(query.get('protocol'));
    return forced === null
        ? { choice: initialChoice(query.get('player'), remembered('player')), only: false }
        : { choice: forced, only: true };
}

export function makeStage(channel: string, onUpdate: (session: WatchSession) => void): Stage {
    const video = makeVideo();
    const still = makeStill(video);
    const toast = makeToast();
    const listeners = new Set<MessageListener>();
    const cards = makeCueOverlay(channel, window.location.search);
    const element = el('section', { class: 'stage', tabindex: '-1' }, video, still.element, cards.element);

    const session: WatchSession = new WatchSession(channel, video, {
        freeze: still.freeze,
        update: () => {
            if (session.phase === 'playing' || session.phase === 'paused') {
                show(still.element, false);
            } else if (GONE.includes(session.phase)) {
                cues.clear();
            }
            overlay.update(session);
            controls.update(session);
            onUpdate(session);
        },
        onSwitched: (player: PlayerName, reason) => toast.say(
            t('notice.switched', { player: t(`player.${player}`), reason: reasonText(reason) })),
        onBackFailed: () => toast.say(t('dvr.failed')),
        onCue: (placed) => cues.put(placed),
        onCueReset: () => cues.reset(),
        onMessage: (message: Message) => {
            if (message.type === 'text' && typeof message.text === 'string') {
                toast.say(message.text);
            }
            listeners.forEach((listener) => listener(message));
        },
    }, wishOf(window.location.search));

    const cues: CueShow = new CueShow(video, cards, (frame) => session.cueClock_ms(frame));
    const overlay = makeOverlay(session);
    const controls = makeControls(session, element);
    element.append(...overlay.elements, toast.element, controls.element);
    followShape(element, video);
    hideControlsWhenIdle(element, video);
    startInWeixin(video);
    const onMessage = (listener: MessageListener): () => void => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
    };
    return { element, session, onMessage, onCue: (listener) => cues.listen(listener) };
}
