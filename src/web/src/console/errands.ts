// SPDX-License-Identifier: Apache-2.0
// What an operator asks of the server, and how the page tells whether it was done.

import { el, setText, show } from '../ui/dom';
import { errorText } from './errors';

const DONE_MS = 2500;

export interface Errands {
    trouble: HTMLElement;
    done: HTMLElement;
    // null: there is no trouble any more.
    tell(error: unknown): void;
    // True when it went well; the page then looks again.
    run(what: () => Promise<unknown>, said?: string): Promise<boolean>;
}

export function makeErrands(look: () => Promise<void>): Errands {
    const trouble = el('p', { class: 'trouble', role: 'alert', hidden: true });
    const done = el('p', { class: 'done', role: 'status', hidden: true });
    let timer = 0;

    function tell(error: unknown): void {
        setText(trouble, error === null ? '' : errorText(error));
        show(trouble, error !== null);
    }

    function say(text: string): void {
        setText(done, text);
        show(done, true);
        window.clearTimeout(timer);
        timer = window.setTimeout(() => show(done, false), DONE_MS);
    }

    async function run(what: () => Promise<unknown>, said = ''): Promise<boolean> {
        try {
            await what();
            tell(null);
            if (said !== '') {
                say(said);
            }
            await look();
            return true;
        } catch (error) {
            tell(error);
            return false;
        }
    }

    return { trouble, done, tell, run };
}
