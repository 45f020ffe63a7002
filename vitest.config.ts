import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/live/**', 'node_modules/**'],
    testTimeout: 20_000,
    // Tests wait more than they compute: two files at a time take two thirds of the time on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: process.env['CI'] === undefined ? ['default'] : ['default', ['json', { outputFile: '.build/tests.json' }]],
  },
})
