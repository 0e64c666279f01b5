// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

export default defineConfig({
    build: {
        emptyOutDir: true,
        // Web views of phones lag behind browsers; this is the oldest that runs modules.
        target: ['es2020', 'chrome80', 'safari14'],
        // No data: URLs, so that a strict Content-Security-Policy can stay strict.
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 450,
        rollupOptions: {
            input: ['index.html', 'watch.html', 'embed.html', 'replay.html', 'golive.html',
                'console.html'],
        },
    },
    server: { fs: { allow: ['../..'] } },
    test: {
        dir: '../../tests/web',
        include: ['**/*.test.ts'],
        // The tests live outside this package, where a module lookup finds no vitest.
        globals: true,
    },
});
