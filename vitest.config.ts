import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/live/**', 'node_modules/**'],
    testTimeout: 20_000,
    reporters: process.env['CI'] === undefined ? ['default'] : ['default', ['json', { outputFile: '.build/tests.json' }]],
  },
})
