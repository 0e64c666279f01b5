// SPDX-License-Identifier: Apache-2.0

import { t } from '../i18n';
import { setText } from './dom';

const SHOWN_MS = 1600;

// navigator.clipboard exists on https and localhost only; a shop's server is often neither.
function copyBySelection(text: string): boolean {
    const area = document.createElement('textarea');
    area.value = text;
    area.setAttribute('readonly', '');
    area.className = 'offscreen';
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
}

async function copyText(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return copyBySelection(text);
    }
}

// Copies and says so in `label`, which then gets its own words back.
export async function copyAndTell(text: string, label: Element, restore: () => string): Promise<void> {
    const done = await copyText(text);
    setText(label, t(done ? 'copied' : 'copy_failed'));
    window.setTimeout(() => setText(label, restore()), SHOWN_MS);
}
