// SPDX-License-Identifier: Apache-2.0

export type Lang = 'en' | 'zh';

// {name} is replaced; [[…]] is left out when a name inside it has no value.
export type Words = Record<string, Record<Lang, string>>;
