import { defineConfig } from 'vitest/config'

/** Tests against real servers; each skips, with its reason, where its server is not named in the environment. */
export default defineConfig({
  test: { include: ['tests/live/**/*.live.test.ts'], testTimeout: 300_000, fileParallelism: false },
})
