// SPDX-License-Identifier: Apache-2.0
// What the browser remembers. Storage throws in private windows and some web views.

const PREFIX = 'branchcast.';

export function remembered(name: string): string | null {
    try {
        return localStorage.getItem(PREFIX + name);
    } catch {
        return null;
    }
}

export function remember(name: string, value: string): void {
    try {
        localStorage.setItem(PREFIX + name, value);
    } catch {
        // The choice then lasts as long as the page.
    }
}

// The same for as long as the tab is open.
export function rememberedInTab(name: string): string | null {
    try {
        return sessionStorage.getItem(PREFIX + name);
    } catch {
        return null;
    }
}

export function rememberInTab(name: string, value: string): void {
    try {
        sessionStorage.setItem(PREFIX + name, value);
    } catch {
        // As above.
    }
}
