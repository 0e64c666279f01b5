// SPDX-License-Identifier: Apache-2.0
// Small help for building pages: elements, texts that follow the language, icons.

import { type Key, t } from '../i18n';

type Child = Node | string | null;
type Props = Record<string, string | boolean | EventListener>;

export function el<K extends keyof HTMLElementTagNameMap>(tag: K, props: Props = {},
    ...children: Child[]): HTMLElementTagNameMap[K] {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
        if (typeof value === 'function') {
            element.addEventListener(name, value);
        } else if (value !== false) {
            element.setAttribute(name, value === true ? '' : value);
        }
    }
    element.append(...children.filter((child): child is Node | string => child !== null));
    return element;
}

// Writes only what changed: the pages update several times a second.
export function setText(element: Element, text: string): void {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

export function setAttr(element: Element, name: string, value: string): void {
    if (element.getAttribute(name) !== value) {
        element.setAttribute(name, value);
    }
}

export function show(element: HTMLElement, visible: boolean): void {
    if (element.hidden === visible) {
        element.hidden = !visible;
    }
}

const labels: (() => void)[] = [];

// An element that lives as long as the page and speaks the viewer's language.
export function labelled<T extends Element>(element: T, key: Key, attribute?: string): T {
    const write = (): void => {
        if (attribute === undefined) {
            setText(element, t(key));
        } else {
            setAttr(element, attribute, t(key));
        }
    };
    labels.push(write);
    write();
    return element;
}

export function relabel(): void {
    labels.forEach((write) => write());
}

const ICONS = {
    play: 'M8 5.5v13l11-6.5z',
    pause: 'M7 5h3.6v14H7zM13.4 5H17v14h-3.6z',
    sound: 'M4 9.5v5h3.4L12 18.8V5.2L7.4 9.5zM14.5 8.6a4.6 4.6 0 0 1 0 6.8M16.9 6a8.2 8.2 0 0 1 0 12',
    muted: 'M4 9.5v5h3.4L12 18.8V5.2L7.4 9.5zM15.5 9.5l5 5M20.5 9.5l-5 5',
    full: 'M5 9V5h4M15 5h4v4M19 15v4h-4M9 19H5v-4',
    pip: 'M4 6h16v12H4zM12.5 12h5v4h-5z',
    eye: 'M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12zM12 9.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2z',
    copy: 'M9 9h10v10H9zM15 9V5H5v10h4',
    chart: 'M5 19v-6M10 19V9M15 19v-8M20 19V5',
    mic: 'M12 4a2.6 2.6 0 0 0-2.6 2.6v5a2.6 2.6 0 0 0 5.2 0v-5A2.6 2.6 0 0 0 12 4zM6.5 11.5a5.5 5.5 0 0 0 11 0M12 17v3.2M9 20.2h6',
    mic_off: 'M14.6 9V6.6a2.6 2.6 0 0 0-5-1M9.4 9.4v2.2a2.6 2.6 0 0 0 4.2 2M6.5 11.5a5.5 5.5 0 0 0 8.6 4.5M17.4 12.5q.1-.5.1-1M12 17v3.2M9 20.2h6M4 4l16 16',
    flip: 'M4 11a8 8 0 0 1 14-4.5L20 9M20 4.5V9h-4.5M20 13a8 8 0 0 1-14 4.5L4 15M4 19.5V15h4.5',
    screen: 'M3.5 5h17v11h-17zM9 20h6M12 16v4M12 13V8.5M9.8 10.4L12 8.2l2.2 2.2',
    camera: 'M3.5 7h11v10h-11zM14.5 10.5L20.5 7v10l-6-3.5',
    back: 'M11 6L5 12l6 6M19 6l-6 6 6 6',
    forward: 'M13 6l6 6-6 6M5 6l6 6-6 6',
    download: 'M12 4v11M7.5 10.5L12 15l4.5-4.5M5 19.5h14',
    trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 12.5h8.4L17 7M10.2 10.5v5.5M13.8 10.5v5.5',
    plus: 'M12 5v14M5 12h14',
    minus: 'M5 12h14',
    film: 'M4 6h16v12H4zM8 6v12M16 6v12M4 10h4M4 14h4M16 10h4M16 14h4',
    step_back: 'M7 6v12M18 6l-8 6 8 6z',
    step_on: 'M17 6v12M6 6l8 6-8 6z',
    loop: 'M5 11a6 6 0 0 1 6-6h6M14.5 2.5L17 5l-2.5 2.5M19 13a6 6 0 0 1-6 6H7M9.5 21.5L7 19l2.5-2.5',
    card: 'M4 6h16v12H4zM7 9h4v6H7zM13.5 10h4M13.5 13.5h4',
    layers: 'M4 5h16v14H4zM13 11.5h5v5h-5z',
    pencil: 'M5 19l1-4L16.5 4.5l3 3L9 18zM14 7l3 3',
    gift: 'M4.5 11h15v9h-15zM3.5 7.5h17V11h-17zM12 7.5V20M12 7.5S8 7.5 8 5.3 11 3.5 12 7.5c1-4 4-4.4 4-2.2s-4 2.2-4 2.2z',
    ticket: 'M3.5 7h17v3.5a1.5 1.5 0 0 0 0 3V17h-17v-3.5a1.5 1.5 0 0 0 0-3zM14 7v10',
    words: 'M5 6h14M12 6v13M9 19h6',
    up: 'M12 19V6M6.5 11L12 5.5l5.5 5.5',
    down: 'M12 5v13M6.5 13L12 18.5l5.5-5.5',
    open: 'M13 5h6v6M19 5l-8.5 8.5M10 6H5v13h13v-5',
} as const;

export type Icon = keyof typeof ICONS;

const SVG = 'http://www.w3.org/2000/svg';

export function icon(name: Icon): SVGSVGElement {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('class', `icon icon-${name}`);
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
}
